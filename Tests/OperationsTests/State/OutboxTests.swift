import Domain
import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite("Outbox and job ledger")
struct OutboxTests {
    @Test("a message is in one hand at a time, and comes back from one that died")
    func claims() async throws {
        try await withTemporaryFolder { folder in
            let outbox = Outbox(StateDatabase(folder: folder.path))
            #expect(try outbox.claim(for: "a", term: .seconds(1)).isEmpty)
            let now = Timestamp(seconds: 1_800_000_000)
            try outbox.add(
                [
                    .init("x", to: "a", id: "1", body: [1, 0, 2]), .init("y", to: "a", id: "2", body: []),
                    .init("y", to: "b", id: "3", body: []),
                ], at: now)
            let first = try #require(try outbox.claim(for: "a", at: now, term: .seconds(60)).first)
            #expect(first.id == "1" && first.body == [1, 0, 2] && first.attempts == 1)
            #expect(try outbox.claim(for: "a", at: now, limit: 9, term: .seconds(60)).map(\.id) == ["2"])
            #expect(try outbox.claim(for: "a", at: now.advanced(bySeconds: 59), term: .seconds(60)).isEmpty)
            let again = try #require(
                try outbox.claim(for: "a", at: now.advanced(bySeconds: 60), term: .seconds(60)).first)
            #expect(again.id == "1" && again.attempts == 2)
            // This process lives: what it has in hand is not taken from it.
            try outbox.reclaim(at: now)
            #expect(try outbox.claim(for: "a", at: now, limit: 9, term: .seconds(60)).isEmpty)
            try outbox.settle([("1", .dead(reason: "gone")), ("2", .delivered)])
            #expect(try outbox.waiting(for: ["a"]) == 0 && outbox.waiting(for: ["a", "b"]) == 1)
            #expect(try outbox.next(for: "a") == nil && outbox.next(for: "b") == now)
            #expect(try outbox.messages(.dead).map(\.reason) == ["gone"])
            #expect(try outbox.messages().map(\.id) == ["3", "2", "1"])
            #expect(try outbox.revive(nil) == 1 && outbox.revive("2") == 0)
            #expect(try outbox.claim(for: "a", term: .seconds(1)).map(\.attempts) == [1])
            try outbox.settle([("1", .unsent(until: now, reason: "stopped"))])
            #expect(try outbox.messages(.pending).first { $0.id == "1" }?.attempts == 0)
        }
    }

    @Test("one that is handed over is being sent as long as its holder lives, and dead after that")
    func sending() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let outbox = Outbox(state)
            try outbox.add([
                .init("x", to: Outbox.mail, id: "abc", body: []), .init("x", to: Outbox.mail, id: "abd", body: []),
            ])
            _ = try outbox.claim(for: Outbox.mail, term: .seconds(60))
            #expect(try outbox.handOver("abc", reason: "in doubt"))
            #expect(try outbox.messages(.dead).isEmpty && outbox.messages(.sending).map(\.id) == ["abc"])
            #expect(try outbox.messages().map(\.state) == [.pending, .sending])
            #expect(try outbox.standings(ofIDs: "ab").count == 2 && outbox.standings(ofIDs: "abc") == [.sending])
            #expect(try outbox.standings(ofIDs: "b").isEmpty && outbox.revive(nil) == 0)
            // Its process has died, or that cannot be known and its time is over.
            let me = ProcessIdentity.current
            let gone = ProcessIdentity(
                host: me.host, boot: me.boot, processes: me.processes, number: me.number, started: me.started + 1)
            let far = ProcessIdentity(host: "elsewhere", boot: "b", processes: "p", number: 1, started: 1)
            for (holder, standing, later) in [
                (gone, Outbox.Standing.dead, 0.0), (far, .sending, 0), (far, .dead, 3600),
            ] {
                _ = try state.write { try $0.run("UPDATE outbox SET holder = ?", [.text(holder.text)]) }
                let now = Timestamp.now.advanced(bySeconds: later)
                #expect(try outbox.standings(ofIDs: "abc", at: now) == [standing])
            }
        }
    }

    @Test("a key makes one run; runs and states outlive the process, and old runs go")
    func ledger() async throws {
        try await withTemporaryFolder { folder in
            let ledger = JobLedger(StateDatabase(folder: folder.path))
            #expect(try ledger.document(of: "j") == nil && ledger.runs(of: "j").isEmpty)
            let digest = Digest.sha256("request")
            #expect(try ledger.begin(.init(id: "1", request: digest, document: "a"), of: "j", key: "k") == nil)
            let known = try #require(try ledger.begin(.init(id: "2", document: "b"), of: "j", key: "k"))
            #expect(known.id == "1" && known.request == digest && !known.isOver)
            #expect(try ledger.begin(.init(id: "3", document: "c"), of: "other", key: "k") == nil)
            try ledger.note(.init(id: "1", isOver: true, document: "done"))
            for number in 0..<JobLedger.remembered {
                #expect(try ledger.begin(.init(id: "r\(number)", isOver: true, document: ""), of: "j") == nil)
            }
            let other = JobLedger(StateDatabase(folder: folder.path))
            #expect(try other.runs(of: "j").count == JobLedger.remembered && other.run(of: "j", key: "k") == nil)
            #expect(try other.runs(of: "other").map(\.document) == ["c"])
            try other.update("j") { ($0 ?? "") + "x" }
            #expect(try ledger.update("j") { ($0 ?? "") + "y" } == "xy")
        }
    }

    @Test("a state without a folder is gone with its process")
    func memory() throws {
        let state = StateDatabase()
        try JobLedger(state).update("j") { _ in "1" }
        #expect(try JobLedger(state).document(of: "j") == "1" && !FileManager.default.fileExists(atPath: state.path))
        #expect(try JobLedger(StateDatabase()).document(of: "j") == nil)
    }
}
