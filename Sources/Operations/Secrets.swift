import Synchronization

/// Keeps passwords, tokens and keys out of logs and listings.
public enum Secrets {
    private static let values = Mutex<[String]>([])
    private static let words = [
        "password", "passwd", "secret", "token", "apikey", "credential", "privatekey", "keypem",
    ]

    /// Whether a setting or log field of this name holds a secret, such as `kafka.sasl.password` or `api_key`.
    public static func isSecret(name: String) -> Bool {
        let plain = name.lowercased().filter { $0.isLetter }
        return words.contains { plain.contains($0) }
    }

    /// From now on `value` is replaced wherever it would stand in a log line. Values under 4 bytes are not: they would
    /// blot out ordinary text.
    public static func register(_ value: String) {
        guard value.utf8.count >= 4 else { return }
        values.withLock { if !$0.contains(value) { $0.append(value) } }
    }

    /// What stands in place of a secret.
    public static let mask = "******"

    /// `text` with every registered value masked, and the user part of `scheme://user:password@host` too.
    public static func masked(_ text: String) -> String {
        var text = text
        for value in values.withLock({ $0 }) where text.contains(value) {
            text.replace(value, with: mask)
        }
        guard let scheme = text.firstRange(of: "://") else { return text }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" && !$0.isWhitespace }
        guard let at = authority.lastIndex(of: "@") else { return text }
        return text.replacingCharacters(in: authority.startIndex..<at, with: mask)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
