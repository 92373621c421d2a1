internal import Domain
public import Operations

/// What is kept of a message that was refused.
///
/// A form is a function of the message alone: what is stored is recognised when the message is read again.
public enum RefusedForm: Sendable {
    /// All of it, to be found out why and taken in again.
    case whole
    /// Without the words of reviews, as far as those can be found.
    case withoutReviewText
    /// Nothing but a keyed digest, and a pseudonym in the place of the key: nobody can tell where in it a user is named.
    case digest(PseudonymKeys)
    /// As ``digest(_:)`` where a field of a user is named, such as in an event on a topic of films; else all of it.
    case digestOfPersons(PseudonymKeys)

    /// What stands before the digest of a payload.
    public static let digestMark = "hmac-sha256:"

    /// The bytes to keep of a payload.
    func payload(of message: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .whole: Array(message)
        case .withoutReviewText: ReviewTextCut.apply(to: message) ?? Array(message)
        case .digestOfPersons(let keys):
            Self.namesUser(message) ? RefusedForm.digest(keys).payload(of: message) : Array(message)
        case .digest(let keys):
            message.isEmpty ? [] : Array(Self.digestMark.utf8) + Array(keys.hex(of: Array(message)).utf8)
        }
    }

    /// The bytes to keep of a message's key.
    /// - Parameter message: the payload that it came with.
    func key(_ key: UnsafeRawBufferPointer, of message: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .digest(let keys) where !key.isEmpty: Array(keys.hex(of: Array(key)).utf8)
        case .digestOfPersons(let keys) where Self.namesUser(message): RefusedForm.digest(keys).key(key, of: message)
        default: Array(key)
        }
    }

    /// `user_id` in whatever spelling.
    private static func namesUser(_ message: UnsafeRawBufferPointer) -> Bool {
        NameSearch.isNamed("userid", in: Array(message))
    }

    /// All forms in which this payload may have been stored: with other settings, perhaps, than there are now.
    func stored(of message: [UInt8]) -> [[UInt8]] {
        message.withUnsafeBytes { message in
            [.whole, .withoutReviewText, self].map { $0.payload(of: message) }
        }
    }

    /// Whether nothing is left of a payload that could be taken in again.
    public static func isDigest(_ payload: [UInt8]) -> Bool {
        payload.count == digestMark.utf8.count + PseudonymKeys.length && payload.starts(with: digestMark.utf8)
    }
}
