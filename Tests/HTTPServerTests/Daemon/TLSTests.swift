import Domain
import Foundation
import HTTPServer
import TestSupport
import Testing

private let curl = "/usr/bin/curl"

/// TLS as curl and openssl see it, with an authority of the test's own.
@Suite(
    "TLS", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: curl), "there is no /usr/bin/curl"),
    .enabled(if: CertificateAuthority.isAvailable, "there is no /usr/bin/openssl"))
struct TLSTests {
    /// An authority of the test, in the server's own terms.
    private struct Authority {
        let authority: CertificateAuthority

        init(_ folder: URL) async throws { authority = try await CertificateAuthority(folder) }

        func issue(_ name: String, days: Int = 30, rsa: Bool = false) async throws -> TLSFiles {
            let issued = try await authority.issue(name, days: days, rsa: rsa)
            return TLSFiles(certificate: issued.certificate, key: issued.key)
        }

        func ask(_ port: Int, _ path: String = "/hello", _ further: String...) async throws -> (Int32, String) {
            try await runCommand(
                curl,
                ["-sS", "--max-time", "20", "--cacert", authority.certificate] + further + [
                    "https://localhost:\(port)\(path)"
                ])
        }
    }

    @Test("lists go out encrypted, with keys of both kinds; at once, later, and large ones", arguments: [false, true])
    func serves(rsa: Bool) async throws {
        struct Big: HTTPHandler {
            func respond(to request: HTTPRequest) -> HTTPReply {
                let size = request.path == "/big" ? 5_000_000 : 5
                let response = HTTPResponse(
                    text: String(repeating: "x", count: size) + String(decoding: request.body.prefix(10), as: UTF8.self)
                )
                return request.path == "/later" ? .later { response } : .now(response)
            }
        }
        try await withTemporaryFolder { folder in
            let authority = try await Authority(folder)
            let files = try await authority.issue("server", rsa: rsa)
            try await withServer({ $0.tls = files }, handler: Big()) { server async throws in
                for path in ["/now", "/later"] { #expect(try await authority.ask(server.port, path) == (0, "xxxxx")) }
                #expect(try await authority.ask(server.port, "/big").1.utf8.count == 5_000_000)
                #expect(try await authority.ask(server.port, "/later", "--data", "body") == (0, "xxxxxbody"))
                #expect(try await authority.ask(server.port, "/now", "--tlsv1.3").0 == 0)
                // 35: no common version.
                #expect(try await authority.ask(server.port, "/now", "--tls-max", "1.1").0 == 35)
                #expect(try await authority.ask(server.port, "/now", "--tls-max", "1.2").0 == 0)
            }
        }
    }

    @Test("who speaks no TLS gets no answer, and others are served meanwhile; a slow handshake is cut")
    func plainClients() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await Authority(folder)
            let files = try await authority.issue("server")
            try await withServer(
                {
                    $0.tls = files
                    $0.requestDeadline = .milliseconds(1500)
                }, handler: Echo()
            ) { server in
                let port = server.port
                let waiting = Task {
                    try await blocking {
                        // Opens a handshake and says nothing more: 22 3 1 is how one begins.
                        let client = try RawClient(port: port)
                        client.write([22, 3, 1])
                        return client.readToEnd()
                    }
                }
                let plain = try await blocking {
                    let client = try RawClient(port: port)
                    client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    return client.readToEnd()
                }
                #expect(!plain.contains("HTTP/1.1"))
                #expect(try await authority.ask(port).0 == 0)
                #expect(!(try await waiting.value).contains("HTTP/1.1"))
                // Bad requests inside of TLS.
                let long = try await authority.ask(
                    port, "/" + String(repeating: "a", count: 9000), "-o", "/dev/null", "-w", "%{http_code}")
                #expect(long == (0, "414"))
                #expect(try await authority.ask(port).0 == 0)
            }
        }
    }

    @Test("a new certificate is shown to new connections; one that is not fit leaves the old one in place")
    func reload() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await Authority(folder)
            let files = try await authority.issue("server")
            func subject(_ port: Int) async throws -> String {
                let script =
                    "echo | \(CertificateAuthority.program) s_client -connect localhost:\(port) 2>/dev/null | \(CertificateAuthority.program) x509 -noout -subject"
                return try await runCommand("/bin/sh", ["-c", script]).output.trimmingCharacters(in: .newlines)
            }
            func put(_ from: TLSFiles) throws {
                for (new, place) in [(from.certificate, files.certificate), (from.key, files.key)] {
                    try FileManager.default.removeItem(atPath: place)
                    try FileManager.default.copyItem(atPath: new, toPath: place)
                }
            }
            try await withServer({ $0.tls = files }, handler: Echo()) { server in
                #expect(try await subject(server.port) == "subject=CN = server")
                try put(try await authority.issue("second"))
                #expect(try await subject(server.port) == "subject=CN = server")
                try server.reloadCertificate()
                #expect(try await subject(server.port) == "subject=CN = second")
                try put(try await authority.issue("expired", days: -1))
                #expect(throws: HTTPServerError.self) { try server.reloadCertificate() }
                #expect(try await subject(server.port) == "subject=CN = second")
                #expect(try await authority.ask(server.port).0 == 0)
                // While clients come, over and over.
                try put(try await authority.issue("third"))
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<12 { group.addTask { try await authority.ask(server.port).0 == 0 } }
                    for _ in 0..<50 { try server.reloadCertificate() }
                    for try await isServed in group { #expect(isServed) }
                }
                #expect(try await subject(server.port) == "subject=CN = third")
            }
        }
    }

    @Test("files that are not fit are refused before the port is opened, each with its reason")
    func badFiles() async throws {
        try await withTemporaryFolder { folder in
            let authority = try await Authority(folder)
            let good = try await authority.issue("good")
            let other = try await authority.issue("other")
            let expired = try await authority.issue("expired", days: -1)
            try Data("nothing\n".utf8).write(to: folder.appending(path: "junk"))
            try await authority.authority.run(
                "pkey", "-in", good.key, "-aes256", "-passout", "pass:secret", "-out",
                authority.authority.path("locked.key"))
            let (junk, missing, locked) = (
                authority.authority.path("junk"), authority.authority.path("none"),
                authority.authority.path("locked.key")
            )
            let cases: [(TLSFiles, String, String)] = [
                (.init(certificate: missing, key: good.key), "bad-tls-file", "no such file"),
                (.init(certificate: junk, key: good.key), "bad-tls-file", "it holds no certificate"),
                (.init(certificate: good.key, key: good.key), "bad-tls-file", "it holds no certificate"),
                (.init(certificate: good.certificate, key: junk), "bad-tls-file", "it holds no private key"),
                (.init(certificate: good.certificate, key: missing), "bad-tls-file", "no such file"),
                (.init(certificate: good.certificate, key: locked), "bad-tls-file", "password"),
                (.init(certificate: good.certificate, key: other.key), "certificate-mismatch", "other.key"),
                (expired, "certificate-out-of-time", "expired at 2"),
            ]
            for (files, code, reason) in cases {
                var configuration = HTTPServerConfiguration(port: 0)
                configuration.tls = files
                do throws(HTTPServerError) {
                    try HTTPServer(configuration, handler: Echo()).start()
                    Issue.record("\(files) was taken")
                } catch {
                    #expect(error.code == code && error.message.contains(reason), "\(error)")
                    #expect(!error.advice.isEmpty && error.category == .badData)
                }
            }
        }
    }
}
