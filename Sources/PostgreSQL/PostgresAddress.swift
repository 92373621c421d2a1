internal import CPostgres
internal import Foundation

/// Where a PostgreSQL server is and how to get in, as libpq understands it: a URL or `keyword=value` pairs, with the
/// defaults of `PGHOST` and its kin, `~/.pgpass` and service files.
///
/// It prints without user and password, also in a debugger.
public struct PostgresAddress: Sendable, CustomStringConvertible, CustomReflectable {
    /// As it was given.
    let text: String
    /// Host, port and database: what may be named.
    public let description: String
    /// To keep it out of logs; nil if the address has none.
    public let password: String?
    /// Seconds to wait for a connection.
    let timeout: Double

    /// Seconds to wait where the address does not say.
    public static let defaultTimeout = 10.0

    /// - Throws: ``PostgresError/badAddress``, ``PostgresError/badSettings(server:reason:)``.
    public init(_ text: String) throws(PostgresError) {
        guard let options = PQconninfoParse(text, nil) else { throw .badAddress }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var place = options
        while let keyword = place.pointee.keyword {
            if let value = place.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            place += 1
        }
        // A password with a slash or an at sign that is not encoded ends up in the port, the host or the database, which are
        // named in messages.
        let ports = values["port"].map { $0.split(separator: ",", omittingEmptySubsequences: false) } ?? []
        guard ports.allSatisfy({ $0.isEmpty || UInt16($0) != nil }),
            !text.contains("://") || ["host", "hostaddr", "dbname"].allSatisfy({ values[$0]?.contains("@") != true })
        else { throw .badAddress }
        self.text = text
        password = values["password"]
        let environment = ProcessInfo.processInfo.environment
        let host = values["host"] ?? values["hostaddr"] ?? environment["PGHOST"] ?? "a local socket"
        let port = values["port"] ?? environment["PGPORT"]
        let database = values["dbname"] ?? environment["PGDATABASE"]
        let isName = !host.contains(" ") && !host.contains("/")
        description =
            host + (isName ? ":\(port ?? "5432")" : port.map { ", port \($0)" } ?? "")
            + (database.map { "/\($0)" } ?? "")
        // libpq would say so only once a server has answered.
        if (values["sslmode"] ?? environment["PGSSLMODE"])?.hasPrefix("verify") == true,
            let file = values["sslrootcert"] ?? environment["PGSSLROOTCERT"], file != "system",
            !FileManager.default.isReadableFile(atPath: file)
        {
            throw .badSettings(server: description, reason: "the file '\(file)' of sslrootcert cannot be read")
        }
        let hosts = Double(host.split(separator: ",").count)
        let given = (values["connect_timeout"] ?? environment["PGCONNECT_TIMEOUT"]).flatMap(Double.init) ?? 0
        timeout = (given > 0 ? given : Self.defaultTimeout) * max(hosts, 1)
    }

    /// Without children: the text holds a password.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
