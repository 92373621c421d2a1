import Foundation
public import PostgreSQL
import Synchronization
public import TestSupport

/// A PostgreSQL server of the distribution, started for a test on a free port of 127.0.0.1 and gone afterwards.
///
/// It refuses to run as root: then it runs as the user `postgres`, whom Debian's package makes. Nothing is synced to the
/// disk: kills of the server lose nothing that the kernel has.
public final class PostgresServer: Sendable {
    /// The newest version that is installed; nil if none is.
    private static let programs: URL? = {
        let root = URL(filePath: "/usr/lib/postgresql")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        return versions.filter { Int($0) != nil }.max { (Int($0) ?? 0) < (Int($1) ?? 0) }.map {
            root.appending(path: "\($0)/bin")
        }
    }()
    /// Whether there is one, and it can be run.
    public static let isAvailable: Bool = {
        guard let programs, FileManager.default.isExecutableFile(atPath: programs.appending(path: "postgres").path)
        else { return false }
        return getuid() != 0 || getpwnam("postgres") != nil
    }()
    /// Why tests are skipped where it is not.
    public static let needed = "needs a PostgreSQL server (apt-get install postgresql)"

    /// The superuser's password.
    public static let password = "test-secret-of-the-superuser"

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let folder: String
    public let port: Int
    private let isEncrypted = Atomic<Bool>(false)

    private init(folder: String, port: Int) {
        self.folder = folder
        self.port = port
    }

    /// Runs `body` with a server that is gone, with its data, afterwards.
    public static func with<R>(_ body: (PostgresServer) async throws -> R) async throws -> R {
        // Not under a folder that its user may not enter.
        let folder = "/tmp/marquee-postgres-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = PostgresServer(folder: folder, port: try freePort())
        try server.own(folder)
        try password.write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
        chmod("\(folder)/password", 0o644)
        try await run(
            "initdb",
            [
                "-D", "\(folder)/data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", "\(folder)/password",
                "-E", "UTF8", "--locale", "C.UTF-8", "-N",
            ])
        do {
            try await server.start()
            let result = try await body(server)
            await server.end()
            return result
        } catch {
            await server.end()
            throw error
        }
    }

    /// An address of a database of this server.
    public func url(user: String = "postgres", password: String = password, database: String = "postgres") -> String {
        "postgresql://\(user):\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// A connection of the superuser.
    public func connection(database: String = "postgres") throws -> PostgresConnection {
        try PostgresConnection(PostgresAddress(url(database: database)))
    }

    /// The first value that a statement of the superuser answers.
    public func value(_ statement: String) throws -> String? {
        let rows = try connection().query(statement)
        return rows.count > 0 ? rows[0, 0] : nil
    }

    /// Starts it on its port, and waits until it answers.
    public func start() async throws {
        let encryption = isEncrypted.load(ordering: .relaxed) ? " -c ssl=on" : ""
        let settings =
            "-p \(port)\(encryption) -k \(folder) -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=20"
        // The processes of one that was killed take a moment to notice.
        for attempt in 0..<20 {
            do {
                return try await Self.run(
                    "pg_ctl",
                    ["-D", "\(folder)/data", "-o", settings, "-w", "-t", "60", "-l", "\(folder)/log", "start"])
            } catch {
                if attempt == 19 { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Ends it in good order; connections are cut.
    public func stop() async throws {
        try await Self.run("pg_ctl", ["-D", "\(folder)/data", "-m", "fast", "-w", "stop"])
    }

    /// Lets in only who comes encrypted. Takes effect with the next start, and again with each that follows.
    public func useTLS(_ issued: CertificateAuthority.Issued) throws {
        // Its own copies: it refuses a key that others may read.
        for (path, name) in [(issued.certificate, "server.crt"), (issued.key, "server.key")] {
            let copy = "\(folder)/data/\(name)"
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            chmod(copy, 0o600)
            try own(copy)
        }
        try "hostssl all all 127.0.0.1/32 scram-sha-256\n".write(
            toFile: "\(folder)/data/pg_hba.conf", atomically: false, encoding: .utf8)
        isEncrypted.store(true, ordering: .relaxed)
    }

    /// Whether a file system of a test's own can be mounted here, which root may.
    public static let canLimitDisk: Bool = {
        guard isAvailable, getuid() == 0 else { return false }
        let folder = "/tmp/marquee-mount-\(UUID().uuidString.prefix(8))"
        guard mkdir(folder, 0o700) == 0 else { return false }
        defer { rmdir(folder) }
        return mount("tmpfs", folder, "tmpfs", 0, "size=1m") == 0 && umount(folder) == 0
    }()

    /// Runs `body` with a folder of the server's that holds so many bytes and no more.
    public func withDisk<R>(bytes: Int, _ body: (String) async throws -> R) async throws -> R {
        let disk = "\(folder)/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard mount("tmpfs", disk, "tmpfs", 0, "size=\(bytes),mode=0777") == 0 else {
            throw Failure(description: "cannot mount a file system: errno \(errno)")
        }
        try own(disk)
        // The server may have files open there.
        defer { umount2(disk, Int32(MNT_DETACH)) }
        return try await body(disk)
    }

    private func own(_ path: String) throws {
        if getuid() == 0, let user = getpwnam("postgres") { chown(path, user.pointee.pw_uid, user.pointee.pw_gid) }
    }

    /// SIGKILL to the server's first process; the others end when they notice.
    public func kill() {
        let text = (try? String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)) ?? ""
        if let process = text.split(separator: "\n").first.flatMap({ Int32($0) }) { Foundation.kill(process, SIGKILL) }
    }

    private func end() async {
        _ = try? await Self.run("pg_ctl", ["-D", "\(folder)/data", "-m", "immediate", "-w", "stop"])
    }

    private static func run(_ program: String, _ arguments: [String]) async throws {
        guard let programs else { throw Failure(description: needed) }
        let path = programs.appending(path: program).path
        let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", path]
        let (status, output) =
            getuid() == 0
            ? try await runCommand("/usr/bin/setpriv", user + arguments) : try await runCommand(path, arguments)
        guard status == 0 else { throw Failure(description: "\(program) ended with \(status): \(output)") }
    }
}
