import Domain

/// One message of what a person allows:
///
/// ```json
/// {"consent_id":"…","user_id":"u17","personal":false,"at":"2026-11-20T12:00:00Z"}
/// ```
///
/// with one purpose or more, and optionally `source`. Few come, and each counts: so the general reader of JSON takes them, and
/// refuses whatever it can be in doubt about.
struct ConsentMessage {
    var consentID = ""
    var userID = ""
    var choices: [PersonalChoice.Purpose: Bool] = [:]
    var at = Timestamp(microseconds: 0)
    var source = Topics.consents

    /// Why a message is none, and the field that it is about.
    struct Refusal: Error {
        var reason: RejectReason
        var field: String?

        init(_ reason: RejectReason, _ field: String? = nil) {
            self.reason = reason
            self.field = field
        }
    }

    /// Reads a message.
    /// - Parameter now: the receiver's clock, for the time window.
    /// - Throws: ``Refusal``.
    init(_ bytes: UnsafeRawBufferPointer, _ limits: EventLimits, now: Timestamp) throws(Refusal) {
        guard !bytes.isEmpty else { throw Refusal(.empty) }
        guard bytes.count <= limits.messageLength else { throw Refusal(.tooLong) }
        guard isUTF8(bytes.bindMemory(to: UInt8.self)) else { throw Refusal(.invalidUTF8) }
        guard case .object(let members)? = try? JSONValue(parsing: Array(bytes)) else { throw Refusal(.malformed) }
        var instant: Timestamp?
        // Of what else may be left out, null is the same as nothing; of a purpose it is neither yes nor no.
        for member in members
        where member.value != .null || PersonalChoice.Purpose(rawValue: member.name) != nil {
            switch member.name {
            case ConsentTable.consentID: consentID = try Self.text(member, limits)
            case ConsentTable.userID: userID = try Self.text(member, limits)
            case ConsentTable.source: source = try Self.text(member, limits)
            case ConsentTable.at:
                guard case .text(let text) = member.value, let time = Timestamp(text) else {
                    throw Refusal(.invalidTime, member.name)
                }
                instant = time
            default:
                guard let purpose = PersonalChoice.Purpose(rawValue: member.name) else { continue }
                guard case .bool(let isAllowed) = member.value else { throw Refusal(.wrongType, member.name) }
                choices[purpose] = isAllowed
            }
        }
        guard !consentID.isEmpty else { throw Refusal(.missingField, ConsentTable.consentID) }
        guard !userID.isEmpty else { throw Refusal(.missingField, ConsentTable.userID) }
        guard let instant else { throw Refusal(.missingField, ConsentTable.at) }
        guard !choices.isEmpty else {
            let purposes = PersonalChoice.Purpose.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(.missingField, purposes)
        }
        guard instant >= limits.earliest, instant <= limits.latest(now) else {
            throw Refusal(.timeOutOfWindow, ConsentTable.at)
        }
        // What is said holds from now on at the earliest, or a later word could not take it back.
        at = min(instant, now)
    }

    private static func text(_ member: JSONValue.Member, _ limits: EventLimits) throws(Refusal) -> String {
        guard case .text(let text) = member.value else { throw Refusal(.wrongType, member.name) }
        if let rule = limits.brokenRule(idLength: text.utf8.count) { throw Refusal(RejectReason(rule), member.name) }
        return text
    }
}
