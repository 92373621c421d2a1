public import Foundation

/// An authority for a test: makes certificates for localhost with the program openssl.
public struct CertificateAuthority: Sendable {
    /// Paths of two PEM files.
    public struct Issued: Sendable {
        public let certificate: String
        public let key: String
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public static let program = "/usr/bin/openssl"
    /// Whether certificates can be made here.
    public static let isAvailable = FileManager.default.isExecutableFile(atPath: program)

    private let folder: URL
    /// The authority's own certificate.
    public var certificate: String { path("ca.pem") }

    /// Makes key and certificate of the authority in `folder`.
    public init(_ folder: URL) async throws {
        self.folder = folder
        try await run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            path("ca.key"), "-out", path("ca.pem"), "-days", "30", "-subj", "/CN=Authority of a test")
    }

    /// Makes `name.pem` and `name.key` for localhost, films.localhost and 127.0.0.1.
    /// - Parameter days: until it expires; -1: it has expired.
    public func issue(_ name: String, days: Int = 30, rsa: Bool = false) async throws -> Issued {
        try await run(
            "req", "-newkey", rsa ? "rsa:2048" : "ec", "-pkeyopt",
            rsa ? "rsa_keygen_bits:2048" : "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("\(name).key"),
            "-out", path("\(name).csr"), "-subj", "/CN=\(name)")
        try "subjectAltName=DNS:localhost,DNS:films.localhost,IP:127.0.0.1\n".write(
            toFile: path("extensions"), atomically: true, encoding: .utf8)
        try await run(
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
            "-CAcreateserial", "-days", "\(days)", "-extfile", path("extensions"), "-out", path("\(name).pem"))
        return Issued(certificate: path("\(name).pem"), key: path("\(name).key"))
    }

    /// Of a file beside the certificates.
    public func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Runs openssl with these words.
    public func run(_ words: String...) async throws {
        let (status, output) = try await runCommand(Self.program, words)
        guard status == 0 else { throw Failure(description: "openssl \(words): \(output)") }
    }
}
