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
            #expect(try outbox.claim(for: "a", term: .seconds(1)) == nil)
            let now = Timestamp(seconds: 1_800_000_000)
            try outbox.add("x", to: "a", id: "1", body: [1, 0, 2], at: now)
            try outbox.add("y", to: "a", id: "2", body: [], at: now)
            try outbox.add("y", to: "b", id: "3", body: [], at: now)
            let first = try #require(try outbox.claim(for: "a", at: now, term: .seconds(60)))
            #expect(first.id == "1" && first.body == [1, 0, 2] && first.attempts == 1)
            #expect(try outbox.claim(for: "a", at: now, term: .seconds(60))?.id == "2")
            #expect(try outbox.claim(for: "a", at: now.advanced(bySeconds: 59), term: .seconds(60)) == nil)
            let again = try #require(try outbox.claim(for: "a", at: now.advanced(bySeconds: 60), term: .seconds(60)))
            #expect(again.id == "1" && again.attempts == 2)
            try outbox.end("1", as: .dead, reason: "gone")
            try outbox.end("2", as: .delivered)
            #expect(try outbox.next(for: "a") == nil && outbox.next(for: "b") == now)
            #expect(try outbox.messages(.dead).map(\.reason) == ["gone"])
            #expect(try outbox.messages().map(\.id) == ["3", "2", "1"])
            #expect(try outbox.revive(nil) == 1 && outbox.revive("2") == 0)
            #expect(try outbox.claim(for: "a", term: .seconds(1))?.attempts == 1)
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
