import Domain
import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite("Keys and the audit log")
struct KeyStoreTests {
    @Test("of a secret only the digest is kept, and its id tells the key")
    func secrets() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.appending(path: "state").path)
            let keys = KeyStore(state)
            #expect(try keys.list().isEmpty && !state.exists)
            let (key, secret) = try keys.create("web", scopes: ["read", "events"], rate: 2.5, by: "cli:ann")
            #expect(secret.text.hasPrefix("mq_\(key.id)_") && secret.text.utf8.count == 64)
            #expect(APIKeySecret(secret.text)?.id == key.id)
            #expect(try keys.list() == [key])
            #expect(key.hash == Digest.sha256(secret.text) && key.hash.isEqualInConstantTime(to: secret.hash))
            let tail = Data(secret.text.utf8.suffix(52))
            for name in try FileManager.default.contentsOfDirectory(atPath: state.folder) {
                let bytes = try Data(contentsOf: URL(filePath: "\(state.folder)/\(name)"))
                #expect(bytes.range(of: tail) == nil, "\(name) holds the secret")
            }
            #expect(Set((0..<100).map { _ in APIKeySecret.random().text }).count == 100)
        }
    }

    @Test("text that has not the form of a secret is none")
    func form() {
        let good = APIKeySecret.random().text
        for text in ["", "mq_", String(good.dropLast()), good + "0", "mk" + good.dropFirst(2), "é" + good.dropFirst(2)]
        {
            #expect(APIKeySecret(text) == nil, "\(text)")
        }
    }

    @Test("a name means one key for ever; a revoked key stays in the list")
    func names() async throws {
        try await withTemporaryFolder { folder in
            let keys = KeyStore(StateDatabase(folder: folder.path))
            #expect(throws: KeyError.unknown(name: "web")) { try keys.revoke("web", by: "t") }
            let (key, _) = try keys.create("web", scopes: ["read"], by: "t")
            #expect(throws: KeyError.nameTaken(name: "web")) { try keys.create("web", scopes: [], by: "t") }
            for name in ["", "a b", "a\nb", String(repeating: "a", count: 65), "é"] {
                #expect(throws: KeyError.badName(name: name)) { try keys.create(name, scopes: [], by: "t") }
            }
            #expect(try keys.revoke(key.id, by: "t").name == "web")
            #expect(throws: KeyError.revokedAlready(name: "web")) { try keys.revoke("web", by: "t") }
            #expect(throws: KeyError.nameTaken(name: "web")) { try keys.create("web", scopes: [], by: "t") }
            #expect(try keys.list().map { $0.state(at: .now) } == ["revoked"])
            let past = Timestamp(seconds: Timestamp.now.seconds - 1)
            #expect(try keys.create("old", scopes: [], expiresAt: past, by: "t").key.state(at: .now) == "expired")
        }
    }

    @Test("every change has its entry, which nothing can alter or remove")
    func audit() async throws {
        struct Failed: Error {}
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let (keys, audit) = (KeyStore(state), AuditLog(state))
            #expect(try audit.verify() == .whole(entries: 0, head: nil))
            _ = try keys.create("web", scopes: ["read"], by: "cli:ann", reason: "the site")
            try keys.revoke("web", by: "web2", requestID: "r1")
            #expect(throws: Failed.self) {
                try audit.record(by: "web2", "model.promote", of: "m1", reason: "better") { throw Failed() }
            }
            let entries = try audit.entries(limit: 10)
            #expect(entries.map(\.number) == [4, 3, 2, 1])
            #expect(entries.map(\.change.action) == ["model.promote", "model.promote", "key.revoke", "key.create"])
            #expect(entries.map(\.change.outcome) == [.failed, .begun, .done, .done])
            #expect(entries[3].change.who == "cli:ann" && entries[3].change.reason == "the site")
            #expect(try audit.entries(before: 3, limit: 1).map(\.number) == [2])
            #expect(try audit.verify() == .whole(entries: 4, head: entries[0].hash))
            for sql in ["DELETE FROM audit", "UPDATE audit SET who = 'x'", "DELETE FROM audit WHERE number = 4"] {
                #expect(throws: SQLiteError.self) { try state.write { try $0.execute(sql) } }
            }
            // A change that cannot be written down is not made.
            #expect(throws: SQLiteError.self) {
                try state.write { file in
                    try file.execute("INSERT INTO keys SELECT 'x', 'x', hash, '', NULL, 1, NULL, NULL FROM keys")
                    try file.execute("UPDATE audit SET who = 'x'")
                }
            }
            #expect(try keys.list().count == 1)
        }
    }

    @Test(
        "a link that was broken past the triggers is named",
        arguments: [
            ("UPDATE audit SET reason = 'another' WHERE number = 3", 3 as Int64),
            ("UPDATE audit SET at = at + 1 WHERE number = 1", 1),
            ("DELETE FROM audit WHERE number = 2", 2),
            ("DELETE FROM audit WHERE number = 5", 5),
            ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 1) WHERE number = 4", 4),
            // The two texts run together as before, but are other ones.
            ("UPDATE audit SET who = who || action, action = '' WHERE number = 4", 4),
            ("UPDATE audit SET number = -number WHERE number = 1", 1),
        ])
    func broken(sql: String, number: Int64) async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let audit = AuditLog(state)
            for n in 1...5 { try audit.append(AuditedChange(who: "w", action: "a", target: "\(n)")) }
            try state.write { file in
                try file.execute("DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_shortened")
                try file.execute(sql)
            }
            guard case .broken(let found, _) = try audit.verify() else {
                Issue.record("\(sql) was not found")
                return
            }
            #expect(found == number, "\(sql)")
        }
    }

    @Test("a file that another one took the place of is opened anew")
    func replaced() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let keys = KeyStore(state)
            let none = try state.version()
            _ = try keys.create("a", scopes: [], by: "t")
            let one = try state.version()
            #expect(none != one)
            // Another process, as far as SQLite knows.
            _ = try KeyStore(StateDatabase(folder: folder.path)).create("b", scopes: [], by: "t")
            #expect(try state.version() != one)
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                try FileManager.default.removeItem(at: folder.appending(path: name))
            }
            #expect(try state.version() == none && keys.list().isEmpty)
            _ = try keys.create("c", scopes: [], by: "t")
            #expect(try keys.list().map(\.name) == ["c"])
        }
    }
}
