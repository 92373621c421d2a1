public import Domain

/// A change that somebody made or tried to make: what the audit log keeps of it.
public struct AuditedChange: Sendable, Equatable {
    /// What became of a change. One that takes time has two entries: it began, and how it ended.
    public enum Outcome: String, Sendable {
        case begun, done, failed
    }

    /// The name of the key that asked, `anonymous` where none is asked for, or `cli:` and the user of the system.
    public var who: String
    /// A verb of the interface, such as `model.promote`.
    public var action: String
    /// What was changed, such as the name of a model. Never a secret.
    public var target: String
    public var outcome: Outcome
    /// Why, in the words of whoever asked; "" if they gave none.
    public var reason: String
    /// The request that asked, as the log and the answer name it; "" for a command.
    public var requestID: String

    public init(
        who: String, action: String, target: String, outcome: Outcome = .done, reason: String = "",
        requestID: String = ""
    ) {
        self.who = who
        self.action = action
        self.target = target
        self.outcome = outcome
        self.reason = reason
        self.requestID = requestID
    }
}

/// A change as it stands in the log.
public struct AuditEntry: Sendable, Equatable {
    /// 1, 2, 3 …: a number that is missing was taken out.
    public let number: Int64
    public let at: Timestamp
    public let change: AuditedChange
    /// Over the digest of the entry before and all of this one.
    public let hash: SHA256Digest

    /// The digest that the entry must have behind one with the digest `previous` (32 zeros before the first): SHA-256 of
    /// that digest and of all fields as one line of JSON, so that no two entries have the same text.
    static func digest(
        number: Int64, at: Timestamp, change: AuditedChange, behind previous: [UInt8]
    ) -> SHA256Digest {
        var json = JSONWriter(capacity: 256)
        json.array {
            $0.value(Int(number))
            $0.value(Int(at.microseconds))
            for text in [
                change.who, change.action, change.target, change.outcome.rawValue, change.reason, change.requestID,
            ] {
                $0.value(text)
            }
        }
        return Digest.sha256(previous + json.bytes)
    }
}
