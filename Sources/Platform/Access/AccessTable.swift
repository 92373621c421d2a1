internal import Domain
internal import HTTPServer
internal import Operations
internal import Synchronization

/// The keys as they were when the state was last read: immutable, so that a request needs one reference and no lock
/// while it is checked.
final class AccessTable: Sendable {
    /// One key, ready to be asked.
    struct Entry: Sendable {
        let key: APIKey
        let scopes: Set<Route.Scope>
        /// nil for a key without a rate.
        let bucket: TokenBucket?
        /// Told the secret from others last time by its digest: who comes with it again needs none.
        let known = KnownSecret()
    }

    /// A secret that was found right, in this process's memory alone.
    final class KnownSecret: Sendable {
        private let text = Mutex<String?>(nil)

        /// Whether it is this one. Takes as long for every other text of 64 bytes: whoever guesses learns nothing.
        func isEqualInConstantTime(to other: String) -> Bool {
            guard let text = text.withLock({ $0 }), text.utf8.count == other.utf8.count else { return false }
            return zip(text.utf8, other.utf8).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
        }

        func keep(_ secret: APIKeySecret) { text.withLock { $0 = secret.text } }
    }

    private let entries: [String: Entry]

    /// - Parameter before: whose buckets go on where the rate is the same.
    init(_ keys: [APIKey], before: AccessTable? = nil) {
        entries = Dictionary(
            keys.map { key in
                let old = before?.entries[key.id]?.bucket
                let bucket = key.rate.map { old?.rate == $0 ? old ?? TokenBucket(rate: $0) : TokenBucket(rate: $0) }
                return (key.id, Entry(key: key, scopes: Set(key.scopes.compactMap(Route.Scope.init)), bucket: bucket))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether no key was ever made. Revoked and expired ones count: who had keys does not stand open without them.
    var isEmpty: Bool { entries.isEmpty }

    /// The key that a request comes with. A look into a dictionary, and a digest of 64 bytes the first time.
    func entry(for headers: HTTPHeaders) throws(AccessError) -> Entry {
        guard let secret = APIKeySecret(try Self.sent(headers)), let entry = entries[secret.id] else {
            throw .keyUnknown
        }
        if !entry.known.isEqualInConstantTime(to: secret.text) {
            guard entry.key.hash.isEqualInConstantTime(to: secret.hash) else { throw .keyUnknown }
            entry.known.keep(secret)
        }
        // Whoever has the secret may be told what became of the key.
        if entry.key.revokedAt != nil { throw .keyRevoked }
        if entry.key.expiresAt != nil, !entry.key.isValid(at: .now) { throw .keyExpired }
        return entry
    }

    /// What stands where a key stands.
    private static func sent(_ headers: HTTPHeaders) throws(AccessError) -> String {
        // One header with one key, as nearly all have it.
        if headers.count(of: "authorization") == 1, headers.count(of: "x-api-key") == 0,
            let text = headers["authorization"], text.utf8.count == 71,
            zip(text.utf8, "bearer ".utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
        {
            return String(text.utf8.dropFirst(7))!
        }
        let authorizations = headers.values(of: "authorization")
        let plain = headers.values(of: "x-api-key")
        guard authorizations.count + plain.count > 0 else { throw .keyMissing }
        var found: String?
        for text in authorizations {
            let words = text.split(separator: " ", maxSplits: 1)
            guard words.count == 2, words[0].lowercased() == "bearer" else { continue }
            // RFC 9110, 11.4: any number of blanks may stand before it.
            try take(String(words[1].drop { $0 == " " }), &found)
        }
        for text in plain { try take(text, &found) }
        guard let found else { throw .keyMissing }
        return found
    }

    private static func take(_ text: String, _ found: inout String?) throws(AccessError) {
        guard found == nil || found == text else { throw .severalKeys }
        found = text
    }
}
