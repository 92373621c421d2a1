import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ObjectStore

/// What services do when they do not do what they should: each is said in one clear sentence, and nothing is lost.
struct FaultTests {
    private static let secret = "a-secret-that-nobody-may-see"

    private static func storage(_ server: ScriptedServer, cache: URL) throws -> S3Storage {
        let settings = ObjectStoreSettings(
            endpoint: server.url, region: "eu-west-3", style: .path,
            credentials: ObjectCredentials(key: "the-key", secret: secret, token: "the-token"))
        return try S3Storage(ObjectAddress("s3://films/store"), settings, cache: cache.path)
    }

    private static func object(_ body: String, tag: String = "\"1\"") -> ScriptedServer.Step {
        answer(
            "206 Partial Content",
            headers: [
                "Content-Range: bytes 0-\(body.utf8.count - 1)/\(body.utf8.count)", "ETag: \(tag)",
                "Last-Modified: Sat, 28 Nov 2026 10:00:00 GMT",
            ], body: body)
    }

    private static func refusal(_ status: String, _ code: String, _ extra: String = "") -> ScriptedServer.Step {
        answer(status, body: "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>No.</Message>\(extra)</Error>")
    }

    @Test func whatIsRefusedForNowAndWhatBreaksIsAskedForAgain() async throws {
        try await withTemporaryFolder { folder in
            let steps: [[ScriptedServer.Step]] = [
                [Self.refusal("503 Slow Down", "SlowDown")], [.reset],
                [Self.refusal("500 Internal Server Error", "InternalError")], [Self.object("films")],
            ]
            try await withScriptedServer({ number, _ in steps[number] }) { server in
                let bytes = try Self.storage(server, cache: folder).read("a")
                #expect(bytes == Array("films".utf8) && server.requests.count == 4)
            }
        }
    }

    @Test(arguments: [
        ("403 Forbidden", "RequestTimeTooSkewed", "2026-11-28T10:00:00Z: too far apart"),
        ("403 Forbidden", "AccessDenied", "may not read s3://films/store/a"),
        ("403 Forbidden", "SignatureDoesNotMatch", "does not accept the credentials (SignatureDoesNotMatch)"),
        ("403 Forbidden", "InvalidAccessKeyId", "does not accept the credentials (InvalidAccessKeyId)"),
        ("404 Not Found", "NoSuchBucket", "There is no bucket 'films'"),
        ("404 Not Found", "NoSuchKey", "There is no file s3://films/store/a"),
        ("400 Bad Request", "ExpiredToken", "the credentials have expired"),
        ("400 Bad Request", "AuthorizationHeaderMalformed", "is not in the region eu-west-3 but in eu-central-1"),
        ("418 I'm a teapot", "Tea", "Cannot read s3://films/store/a: status 418, Tea: No."),
    ])
    func aRefusalIsExplained(status: String, code: String, text: String) async throws {
        try await withTemporaryFolder { folder in
            let extra =
                "<ServerTime>2026-11-28T10:00:00Z</ServerTime><Region>eu-central-1</Region>"
                + "<StringToSign>\(Self.secret)</StringToSign>"
            try await withScriptedServer({ _, _ in [Self.refusal(status, code, extra)] }) { server in
                let error = #expect(throws: (any Error).self) {
                    try Self.storage(server, cache: folder).read("a")
                }
                let fault = try #require(error as? any Fault)
                #expect("\(fault)".contains(text), "\(fault)")
                #expect(!"\(fault)".contains(Self.secret) && !"\(fault)".contains("the-key"))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func newCredentialsAreReadWhereTheOldHaveExpired() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "credentials")
            let write = { (key: String) in
                try Data("[default]\naws_access_key_id = \(key)\naws_secret_access_key=s3cret\n".utf8).write(to: file)
            }
            try write("old")
            let script: ScriptedServer.Script = { _, request in
                if request.contains("Credential=new/") { return [Self.object("films")] }
                try? Data("[default]\naws_access_key_id=new\naws_secret_access_key=s3cret\n".utf8).write(to: file)
                return [Self.refusal("400 Bad Request", "ExpiredToken")]
            }
            try await withScriptedServer(script) { server in
                let settings = try ObjectStoreSettings(environment: [
                    "AWS_SHARED_CREDENTIALS_FILE": file.path, "AWS_CONFIG_FILE": "/dev/null",
                    "AWS_ENDPOINT_URL": server.url,
                ])
                let storage = try S3Storage(ObjectAddress("s3://films"), settings, cache: folder.path)
                #expect(try storage.read("a") == Array("films".utf8))
            }
        }
    }

    @Test func anObjectThatIsReplacedWhileItIsReadIsNotMixed() async throws {
        try await withTemporaryFolder { folder in
            let tail = String(repeating: "x", count: S3Object.tailSize)
            let first = answer(
                "206 Partial Content",
                headers: [
                    "Content-Range: bytes 100-\(99 + tail.utf8.count)/\(100 + tail.utf8.count)", "ETag: \"1\"",
                    "Last-Modified: Sat, 28 Nov 2026 10:00:00 GMT",
                ], body: tail)
            let script: ScriptedServer.Script = { number, request in
                guard number > 0 else { return [first] }
                #expect(request.lowercased().contains("if-match: \"1\""))
                return [Self.refusal("412 Precondition Failed", "PreconditionFailed")]
            }
            try await withScriptedServer(script) { server in
                _ = #expect(throws: ObjectStoreError.changed(path: "s3://films/store/a")) {
                    try Self.storage(server, cache: folder).read("a")
                }
            }
        }
    }

    /// The answer to the first attempt is lost, the second is told that the name is taken: by whom decides the mark.
    @Test(arguments: [true, false]) func aLostAnswerIsLookedInto(isOurs: Bool) async throws {
        try await withTemporaryFolder { folder in
            let puts = Mutex(0)
            let script: ScriptedServer.Script = { _, request in
                let mark =
                    request.split(separator: "\r\n").first { $0.lowercased().hasPrefix(ObjectFacts.markHeader) } ?? ""
                let taken = Self.refusal("412 Precondition Failed", "PreconditionFailed")
                if request.contains("_marquee_probe_") {
                    if request.hasPrefix("HEAD") { return [.send("HTTP/1.1 404 Not Found\r\n\r\n")] }
                    let isFirst = request.lowercased().contains("if-none-match") && request.hasSuffix("\r\n\r\n")
                    return [request.hasPrefix("PUT") && !isFirst ? taken : answer("200 OK", headers: ["ETag: \"0\""])]
                }
                if request.hasPrefix("HEAD") {
                    return [
                        .send(
                            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"9\"\r\n"
                                + "Last-Modified: Sat, 28 Nov 2026 10:00:00 GMT\r\n"
                                + "\(ObjectFacts.markHeader): \(isOurs ? Self.mark.withLock { $0 } : "other")\r\n\r\n")
                    ]
                }
                let count = puts.withLock { puts in
                    puts += 1
                    return puts
                }
                Self.mark.withLock { $0 = String(mark.drop { $0 != " " }.dropFirst()) }
                return [count == 1 ? .reset : taken]
            }
            try await withScriptedServer(script) { server in
                let isStored = try Self.storage(server, cache: folder).putIfAbsent("log/1", [1, 2, 3])
                #expect(isStored == isOurs)
                #expect(puts.withLock { $0 } == 2)
            }
        }
    }
    private static let mark = Mutex("")

    @Test(.enabled(if: ObjectServer.isAvailable, "moto is not in .venv: make venv"))
    func aServiceThatIgnoresConditionsIsRefusedBeforeTheFirstCommit() async throws {
        let server = try await ObjectServer(["--ignore-conditions"])
        try await ConformanceTests.withStorage(on: server, prefix: "/store") { storage in
            for attempt in 0..<2 {
                let error = #expect(throws: ObjectStoreError.self) {
                    if attempt == 0 {
                        _ = try storage.putIfAbsent("_delta_log/0.json", [1])
                    } else {
                        _ = try storage.create("data")
                    }
                }
                #expect(error == .ignoresCondition(endpoint: server.url, header: "If-None-Match"))
            }
            #expect(throws: ObjectStoreError.ignoresCondition(endpoint: server.url, header: "If-Match")) {
                try storage.append("history", [1])
            }
            let exists = try storage.exists()
            #expect(!exists)
        }
    }
}
