/// A place in an object store as users write it: `s3://bucket/prefix`.
public struct ObjectAddress: Hashable, Sendable, CustomStringConvertible {
    public let bucket: String
    /// Without `/` at its ends; empty for the whole bucket.
    public let prefix: String

    /// Whether a text names an object store, well or badly.
    public static func isOne(_ text: String) -> Bool { text.lowercased().hasPrefix("s3://") }

    /// Reads an address; a `/` at its end is dropped.
    /// - Throws: ``ObjectStoreError/malformedAddress(_:reason:)``
    public init(_ text: String) throws(ObjectStoreError) {
        guard Self.isOne(text) else { throw .malformedAddress(text, reason: "it does not begin with s3://") }
        let rest = text.dropFirst("s3://".count)
        guard !rest.contains("@") else {
            // Not quoted: it may hold a secret.
            throw .malformedAddress("s3://…", reason: "it holds an @; credentials are taken from AWS_* variables")
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        bucket = parts.first.map { String($0) } ?? ""
        var prefix = parts.count > 1 ? String(parts[1]) : ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        self.prefix = prefix
        let isName = bucket.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || [0x2D, 0x2E, 0x5F].contains($0)
        }
        guard isName, (3...255).contains(bucket.utf8.count), bucket.first != ".", !bucket.contains("..") else {
            throw .malformedAddress(
                text, reason: "a bucket has 3 or more letters, digits, dots and hyphens, as in s3://bucket/prefix")
        }
        guard !prefix.contains("?"), !prefix.contains("#"), prefix.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .malformedAddress(text, reason: "its prefix holds ?, # or a control character")
        }
        let names = prefix.isEmpty ? [] : prefix.split(separator: "/", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw .malformedAddress(text, reason: "its prefix holds an empty name, . or ..")
        }
    }

    public var description: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }
}
