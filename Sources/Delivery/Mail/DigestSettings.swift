internal import Domain
public import HTTPClient

/// How digests are sent.
public struct DigestSettings: Sendable {
    public var server: MailServer
    public var from: MailAddress
    /// Operators, who are told of all users; users are told of themselves, if they have subscribed.
    public var operators: [MailAddress]
    /// Seconds between two digests; they come at multiples of it, counted in UTC.
    public var interval = 86_400.0
    /// Mails a minute at most, restarts included.
    public var rate = 60
    /// Attempts before a mail is given up; a server that takes no mail at all does not count.
    public var attempts = 15
    /// Before the second attempt; it doubles from there.
    public var firstPause = Duration.seconds(10)
    /// For the whole of one attempt.
    public var timeout = Duration.seconds(300)
    /// An `https:` address in which `{token}` stands for that of a subscription; nil for a mail to the sender. Operators'
    /// mails always have that.
    public var unsubscribe: String?

    /// - Parameter operators: may be none.
    public init(server: MailServer, from: MailAddress, operators: [MailAddress]) {
        self.server = server
        self.from = from
        self.operators = operators
    }

    /// Whether an address can stand in a header and be called by one click.
    public static func isUnsubscribeAddress(_ text: String) -> Bool {
        text.hasPrefix("https://") && text.utf8.count <= 400 && text.contains("{token}")
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\^`|".utf8.contains($0) }
    }

    /// - Parameter token: of the subscription; nil for an operator.
    func unsubscribe(_ token: String?) -> String {
        guard let unsubscribe, let token else { return "mailto:\(Self.encoded(from.address))?subject=unsubscribe" }
        return unsubscribe.replacing("{token}", with: token)
    }

    /// Everything but letters, digits and `-._~@` by its bytes.
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
                UInt8(ascii: "@"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
