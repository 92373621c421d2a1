public import Domain

/// What can be wrong with where something is to be delivered.
public enum DeliveryError: Fault, Equatable {
    case badEndpoint(reason: String)
    case unreadableSecrets(path: String, reason: String)
    /// A secret so short that it can be found by trying.
    case weakSecret(path: String, line: Int, fewestBytes: Int)
    case noSecret(path: String)
    /// A database whose schema a later version of this program has made.
    case newerSchema(server: String, version: Int, known: Int)
    /// A database without our schema (version 0), or with that of an earlier version of this program.
    case olderSchema(server: String, version: Int, known: Int)
    /// A column that is not there (nil), or holds another type than it was made with.
    case alteredTable(server: String, column: String, expected: String, found: String?)
    /// A database that does not hold every text.
    case wrongEncoding(server: String, encoding: String)
    /// Another process delivers there, and has not ended while this one waited.
    case anotherDelivers(server: String)
    /// Text that is no address of mail.
    case badMailAddress(reason: String)
    /// Rows for a table that is not delivered there.
    case noSuchTable(name: String)

    public var code: String {
        switch self {
        case .badEndpoint: "bad-webhook"
        case .unreadableSecrets: "unreadable-file"
        case .weakSecret: "weak-webhook-secret"
        case .noSecret: "no-webhook-secret"
        case .newerSchema: "postgres-schema-newer"
        case .olderSchema: "postgres-schema-missing"
        case .alteredTable: "postgres-table-altered"
        case .wrongEncoding: "postgres-encoding"
        case .anotherDelivers: "postgres-another-delivers"
        case .badMailAddress: "bad-mail-address"
        case .noSuchTable: "postgres-no-such-table"
        }
    }

    public var message: String {
        switch self {
        case .badEndpoint(let reason): "Nothing can be sent to this webhook: \(reason)."
        case .unreadableSecrets(let path, let reason): "Cannot read '\(path)': \(reason)."
        case .weakSecret(let path, let line, let fewest):
            "The secret in line \(line) of '\(path)' is shorter than \(fewest) bytes."
        case .noSecret(let path): "'\(path)' holds no secret."
        case .newerSchema(let server, let version, let known):
            "PostgreSQL at \(server) has schema \(version); this program knows \(known) and earlier."
        case .olderSchema(let server, 0, _): "PostgreSQL at \(server) has no schema marquee yet."
        case .olderSchema(let server, let version, let known):
            "PostgreSQL at \(server) has schema \(version); this program writes \(known)."
        case .alteredTable(let server, let column, let expected, let found):
            "PostgreSQL at \(server): \(column) must be \(expected) and "
                + (found.map { "is \($0)." } ?? "is not there.")
        case .wrongEncoding(let server, let encoding):
            "The database at \(server) is in \(encoding), which does not hold every text."
        case .anotherDelivers(let server): "Another deliverer writes to PostgreSQL at \(server)."
        case .badMailAddress(let reason): "This is no mail address: \(reason)."
        case .noSuchTable(let name): "Nothing is delivered from the table \(name) to PostgreSQL."
        }
    }

    public var advice: String {
        switch self {
        case .badEndpoint: "Give an address such as https://example.org/hook."
        case .unreadableSecrets: "Check the path and the permissions."
        case .weakSecret, .noSecret:
            "Make one with 'openssl rand -hex 32'; a file holds one a line, the newest first."
        case .newerSchema: "Run the version of marquee that made it, or a later one."
        case .olderSchema: "Run 'marquee deliver --postgres … --migrate' as the schema's owner."
        case .alteredTable: "It was altered by hand: alter it back; docs/delivery-postgresql.md lists the columns."
        case .wrongEncoding: "Make one with 'createdb -E UTF8 -T template0'."
        case .anotherDelivers: "End it, or let both share the partitions with --group NAME."
        case .badMailAddress: "Write films@example.org, or 'Films <films@example.org>'."
        case .noSuchTable: ""
        }
    }

    public var category: FaultCategory {
        switch self {
        case .badEndpoint, .badMailAddress: .usage
        case .unreadableSecrets: .notFound
        case .weakSecret, .noSecret, .newerSchema, .alteredTable, .wrongEncoding: .badData
        case .olderSchema: .notFound
        case .anotherDelivers: .unavailable
        case .noSuchTable: .internalError
        }
    }
}
