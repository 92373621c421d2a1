public import Domain

/// The keys to the API: made, listed and revoked here, asked for by the server.
///
/// Of a secret only the digest is kept. A revoked key stays in the list, so that the audit log names something. All calls
/// block.
public struct KeyStore: Sendable {
    private let state: StateDatabase

    /// The keys of a state folder; nothing is opened yet.
    public init(_ state: StateDatabase) { self.state = state }

    /// Makes a key and says so in the audit log, in one transaction.
    /// - Parameter who: see ``AuditedChange/who``.
    /// - Returns: the key, and its secret: the only time that it is seen.
    /// - Throws: ``KeyError/nameTaken(name:)``, ``KeyError/badName(name:)``; ``SQLiteError``.
    public func create(
        _ name: String, scopes: [String], rate: Double? = nil, expiresAt: Timestamp? = nil, by who: String,
        reason: String = "", requestID: String = ""
    ) throws -> (key: APIKey, secret: APIKeySecret) {
        guard Self.isName(name) else { throw KeyError.badName(name: name) }
        let secret = APIKeySecret.random()
        let key = APIKey(
            id: secret.id, name: name, hash: secret.hash, scopes: scopes, rate: rate, createdAt: .now,
            expiresAt: expiresAt, revokedAt: nil)
        let entry = try state.write { file in
            guard try file.rows("SELECT 1 FROM keys WHERE name = ?", [.text(name)]).isEmpty else {
                throw KeyError.nameTaken(name: name)
            }
            try file.run(
                "INSERT INTO keys (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                [
                    .text(key.id), .text(name), .blob(key.hash.bytes), .text(scopes.joined(separator: ",")),
                    rate.map { .real($0) } ?? .null, .integer(key.createdAt.microseconds),
                    SQLiteValue(expiresAt?.microseconds),
                ])
            return try AuditLog.append(
                AuditedChange(who: who, action: "key.create", target: name, reason: reason, requestID: requestID),
                to: file)
        }
        AuditLog.tell(entry)
        return (key, secret)
    }

    /// Revokes a key, by name or id, and says so in the audit log, in one transaction.
    /// - Throws: ``KeyError/unknown(name:)``, ``KeyError/revokedAlready(name:)``; ``SQLiteError``.
    @discardableResult
    public func revoke(
        _ nameOrID: String, by who: String, reason: String = "", requestID: String = ""
    ) throws -> APIKey {
        guard state.exists else { throw KeyError.unknown(name: nameOrID) }
        let (key, entry) = try state.write { file in
            let found = try file.rows(
                "SELECT \(Self.columns) FROM keys WHERE name = ?1 OR id = ?1 ORDER BY name <> ?1", [.text(nameOrID)])
            guard let key = try found.first.map(Self.key) else { throw KeyError.unknown(name: nameOrID) }
            guard key.revokedAt == nil else { throw KeyError.revokedAlready(name: key.name) }
            let now = Timestamp.now
            try file.run("UPDATE keys SET revoked_at = ? WHERE id = ?", [.integer(now.microseconds), .text(key.id)])
            let change = AuditedChange(
                who: who, action: "key.revoke", target: key.name, reason: reason, requestID: requestID)
            return (key, try AuditLog.append(change, to: file))
        }
        AuditLog.tell(entry)
        return key
    }

    /// Every key that was ever made, oldest first.
    public func list() throws -> [APIKey] {
        try state.read { file in
            try file.rows("SELECT \(Self.columns) FROM keys ORDER BY created_at, name").map(Self.key)
        } ?? []
    }

    private static let columns = "id, name, hash, scopes, rate, created_at, expires_at, revoked_at"

    private static func key(_ row: SQLiteRow) throws -> APIKey {
        func time(_ column: Int) throws -> Timestamp? {
            row.isNull(column) ? nil : Timestamp(microseconds: try row.integer(column))
        }
        return APIKey(
            id: try row.text(0), name: try row.text(1), hash: SHA256Digest(bytes: try row.blob(2)),
            scopes: try row.text(3).split(separator: ",").map(String.init),
            rate: row.isNull(4) ? nil : try row.real(4), createdAt: Timestamp(microseconds: try row.integer(5)),
            expiresAt: try time(6), revokedAt: try time(7))
    }

    /// Names stand in headers of logs and lists: letters, digits and a few marks.
    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
    }
}

/// What can be wrong with what was asked of the keys.
public enum KeyError: Fault, Equatable {
    case nameTaken(name: String)
    case badName(name: String)
    case unknown(name: String)
    case revokedAlready(name: String)

    public var code: String {
        switch self {
        case .nameTaken: "key-name-taken"
        case .badName: "bad-key-name"
        case .unknown: "no-such-key"
        case .revokedAlready: "key-revoked-already"
        }
    }

    public var message: String {
        switch self {
        case .nameTaken(let name): "There is, or was, a key of the name '\(name)'."
        case .badName(let name): "'\(name)' cannot be the name of a key."
        case .unknown(let name): "There is no key '\(name)'."
        case .revokedAlready(let name): "The key '\(name)' was revoked before."
        }
    }

    public var advice: String {
        switch self {
        case .nameTaken: "Choose another: the audit log must mean one key by a name."
        case .badName: "Use 1 to 64 letters, digits, '-', '_' and '.'."
        case .unknown: "'marquee keys list' shows them; --state names the folder."
        case .revokedAlready: ""
        }
    }

    public var category: FaultCategory {
        switch self {
        case .nameTaken, .badName, .revokedAlready: .usage
        case .unknown: .notFound
        }
    }
}
