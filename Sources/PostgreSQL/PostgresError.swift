public import Domain

/// What can be wrong with a PostgreSQL server, with the server's own SQLSTATE where it gave one.
public enum PostgresError: Fault, Equatable {
    /// The address is none. What libpq says of it is not shown: it may repeat a password.
    case badAddress
    /// A setting of the address or of the environment (`PGSSLMODE` and its kin) that libpq refuses before it asks the server.
    case badSettings(server: String, reason: String)
    /// Nobody answers there, or not in time. Nothing is known of the server.
    case cannotConnect(server: String, reason: String)
    /// The server answers and does not let us in.
    case refused(server: String, sqlState: String, reason: String)
    /// The connection broke. What was being done may or may not have been done.
    case connectionLost(server: String, reason: String)
    /// A statement was refused, and its transaction with it.
    case failed(server: String, sqlState: String, reason: String)
    /// A column of an answer holds something else than was asked for.
    case unexpected(server: String, what: String)

    /// Five letters or digits of the server's; nil where it did not get that far.
    public var sqlState: String? {
        switch self {
        case .refused(_, let state, _), .failed(_, let state, _): state
        default: nil
        }
    }

    /// Whether the same may well succeed later without anybody changing what was asked.
    public var isTransient: Bool {
        switch self {
        case .badAddress, .badSettings, .unexpected: return false
        case .cannotConnect, .connectionLost: return true
        case .refused(_, let state, _), .failed(_, let state, _):
            if ["25006", "55P03", "55006"].contains(state) { return true }
            // Connections, conflicts of transactions, used up resources, an operator's doing, the system's errors.
            return ["08", "40", "53", "57", "58"].contains(String(state.prefix(2)))
        }
    }

    /// Whether the connection is of no use any more.
    public var endsConnection: Bool {
        switch self {
        case .failed(_, let state, _): ["08", "57P0"].contains { state.hasPrefix($0) }
        case .unexpected: false
        default: true
        }
    }

    public var code: String {
        switch self {
        case .badAddress: "postgres-address"
        case .badSettings: "postgres-settings"
        case .cannotConnect: "postgres-unreachable"
        case .refused: "postgres-refused"
        case .connectionLost: "postgres-gone"
        case .failed: "postgres-failed"
        case .unexpected: "postgres-answer"
        }
    }

    public var message: String {
        switch self {
        case .badAddress: "The address of the PostgreSQL server cannot be understood."
        case .badSettings(let server, let reason):
            "The settings for PostgreSQL at \(server) cannot be used: \(reason)."
        case .cannotConnect(let server, let reason): "PostgreSQL at \(server) cannot be reached: \(reason)."
        case .refused(let server, let state, let reason):
            "PostgreSQL at \(server) refuses the connection: \(reason) (SQLSTATE \(state))."
        case .connectionLost(let server, let reason): "The connection to PostgreSQL at \(server) broke: \(reason)."
        case .failed(let server, let state, let reason):
            "PostgreSQL at \(server) refuses a statement: \(reason) (SQLSTATE \(state))."
        case .unexpected(let server, let what): "PostgreSQL at \(server) answered with something else: \(what)."
        }
    }

    public var advice: String {
        switch self {
        case .badAddress:
            "Give one such as postgresql://user@host:5432/database; percent-encode what is special in a password."
        case .badSettings:
            "Correct it in the address, or in the PG… variable of the environment or the service file that sets it."
        case .cannotConnect, .connectionLost:
            "Check that the server runs, the host, the port and the firewall, and where SSL is spoken of, sslmode."
        case .unexpected: ""
        case .refused(_, let state, _), .failed(_, let state, _): Self.advice(for: state)
        }
    }

    public var category: FaultCategory {
        switch self {
        case .badAddress, .badSettings: .usage
        case .unexpected: .badData
        default:
            switch (isTransient, sqlState?.prefix(2)) {
            case (true, _), (_, "28"), (_, "42501"): .unavailable
            default: .badData
            }
        }
    }

    private static func advice(for state: String) -> String {
        switch state {
        case "28P01", "28000":
            """
            Check user and password, which come from the address, PGPASSWORD or ~/.pgpass, and what the server's \
            pg_hba.conf allows.
            """
        case "3D000": "Make the database, or name one that is there."
        case "42501": "Grant the role what docs/delivery-postgresql.md lists."
        case "53100": "Free space on the server's disk."
        case "53300": "Raise max_connections of the server, or end other connections."
        case "57P03": "The server is starting or stopping."
        case "25006": "It takes no writes, as a standby: name the primary, or add target_session_attrs=read-write."
        case _ where ["42", "22", "23", "3F"].contains(String(state.prefix(2))):
            "A table was altered by hand or is gone: see docs/delivery-postgresql.md for what is expected."
        default: ""
        }
    }
}
