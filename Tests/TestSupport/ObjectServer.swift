public import Foundation

/// An S3 service for tests: moto behind a door that checks signatures, `Tests/Independent/s3/server.py`, or OpenStack Swift,
/// `Tests/Independent/s3/openstack.py`. It ends with this object, or with the test program.
public final class ObjectServer: Sendable {
    public static let bucket = "films"
    public static let region = "eu-west-3"
    /// What the door takes.
    public static let credentials = (
        key: "test-key-id", secret: "test-secret/with+odd=characters", token: "test-session-token"
    )

    /// What OpenStack's takes.
    private static let openStackCredentials = (key: "test:tester", secret: "test-secret", token: String?.none)

    /// What this one takes.
    public let credentials: (key: String, secret: String, token: String?)
    private let process: ChildProcess
    private let folder: URL
    /// Scheme, host and port.
    public let url: String

    /// Whether the virtual environment has moto; tests without it are skipped.
    public static let isAvailable: Bool = {
        guard let python = Checkout.python else { return false }
        let library = python.deletingLastPathComponent().deletingLastPathComponent().appending(path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        return versions.contains {
            FileManager.default.fileExists(atPath: library.appending(path: "\($0)/site-packages/moto").path)
        }
    }()

    /// Whether Debian's packages of OpenStack Swift are installed.
    public static let hasOpenStack = ["account", "container", "object", "proxy"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/swift-\($0)-server")
    }

    /// Starts moto with an empty bucket.
    /// - Parameter arguments: see the script.
    public convenience init(_ arguments: [String] = []) async throws {
        guard let python = Checkout.python else { throw MarqueeProcess.Failure(description: "there is no .venv") }
        let (key, secret, token) = Self.credentials
        try await self.init(python.path, "server.py", (key, secret, token)) { folder in
            [Self.bucket, "--log", folder.appending(path: "requests").path] + arguments
        }
    }

    /// Starts OpenStack Swift with an empty bucket.
    public static func openStack() async throws -> ObjectServer {
        // The distribution's own Python has its libraries.
        try await ObjectServer("/usr/bin/python3", "openstack.py", openStackCredentials) { folder in
            let data = folder.appending(path: "data")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            return [data.path, Self.bucket]
        }
    }

    private init(
        _ python: String, _ script: String, _ credentials: (key: String, secret: String, token: String?),
        _ arguments: (URL) throws -> [String]
    ) async throws {
        self.credentials = credentials
        folder = FileManager.default.temporaryDirectory.appending(path: "object-server-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let output = folder.appending(path: "out")
        let script = Checkout.root.appending(path: "Tests/Independent/s3/\(script)").path
        process = try ChildProcess(
            python, [script] + arguments(folder), output: output, errors: folder.appending(path: "err"))
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            if let line = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first {
                url = String(line.dropFirst("listening on ".count))
                return
            }
            guard process.end == nil, ContinuousClock.now < end else {
                process.signal(SIGKILL)
                let errors = (try? String(contentsOf: folder.appending(path: "err"), encoding: .utf8)) ?? ""
                throw MarqueeProcess.Failure(description: "\(script) never listened: \(errors.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The variables by which a program finds the server, and keeps its copies of objects in `cache`.
    public func environment(cache: URL) -> [String: String] {
        var variables = [
            "AWS_ENDPOINT_URL_S3": url, "AWS_REGION": Self.region, "AWS_ACCESS_KEY_ID": credentials.key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret, "XDG_CACHE_HOME": cache.path,
        ]
        variables["AWS_SESSION_TOKEN"] = credentials.token
        return variables
    }

    /// One request that was answered.
    public struct Request: Sendable {
        public let method: String
        /// Path and query, encoded.
        public let target: String
        /// The `Range` header, or nil.
        public let range: String?
        /// Of the answer's body.
        public let bytes: Int
    }

    /// Every request so far.
    public var requests: [Request] {
        let text = (try? String(contentsOf: folder.appending(path: "requests"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, let bytes = Int(words[3]) else { return nil }
            return Request(method: words[0], target: words[1], range: words[2] == "-" ? nil : words[2], bytes: bytes)
        }
    }
}
