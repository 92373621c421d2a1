import Domain
import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite("The state's file")
struct StateDatabaseTests {
    @Test("a state that must stay is not made anew when its file is taken away or replaced")
    func mustStay() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "marquee.sqlite").path
            let state = StateDatabase(folder: folder.path, mustStay: true)
            // Before the first use there may be none.
            #expect(try state.read { _ in 1 } == nil)
            try Outbox(state).add([.init("x", to: "a", id: "1", body: [])])
            let aside = folder.appending(path: "aside").path
            try FileManager.default.moveItem(atPath: path, toPath: aside)
            for part in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + part) }
            func isGone(_ body: () throws -> Void) {
                #expect(throws: SQLiteError.gone(path: path), performing: body)
            }
            isGone { _ = try Outbox(state).messages() }
            isGone {
                try Outbox(state).add([]); try Outbox(state).withdraw("1")
            }
            isGone { _ = try state.version() }
            isGone { try state.forgetRemoved() }
            #expect(!FileManager.default.fileExists(atPath: path))
            // Another of that name is not it, either; one that need not stay takes it.
            let other = StateDatabase(folder: folder.path)
            try Outbox(other).add([.init("x", to: "a", id: "2", body: [])])
            isGone { _ = try Outbox(state).messages() }
            state.whileClosed {}
            isGone { _ = try Outbox(state).messages() }
            #expect(try Outbox(other).messages().map(\.id) == ["2"])
        }
    }

    @Test("a hold is placed before anything is removed, or not at all")
    func holds() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let (holds, register) = (LegalHolds(state), PersonalRegister(state))
            #expect(try holds.place("ann", by: "a", reason: "case 1"))
            #expect(try !holds.place("ann", by: "b") && !holds.place("ann", by: "b", reason: "case 1"))
            let known = try #require(try holds.hold(of: "ann"))
            #expect(throws: HoldError.heldForAnotherReason(since: known.since, who: "a", reason: "case 1")) {
                try holds.place("ann", by: "b", reason: "case 2")
            }
            #expect(try holds.beginRemoval(of: "ann") == known)
            #expect(try holds.release("ann"))
            let begun = Timestamp(seconds: 1_800_000_000)
            #expect(try holds.beginRemoval(of: "ann", at: begun) == nil && holds.beginRemoval(of: "ann") == nil)
            #expect(throws: HoldError.beingRemoved(since: begun)) { try holds.place("ann", by: "a") }
            #expect(try holds.place("bob", by: "a") && holds.all().map(\.user) == ["bob"])
            // Complete: whoever comes back begins anew.
            try register.forget("ann")
            #expect(try holds.place("ann", by: "a"))
            guard case .taken(let lease) = try Leases(state).take(LegalHolds.retention) else {
                Issue.record("nobody has it")
                return
            }
            #expect(try holds.retentionUnderWay() != nil)
            #expect(throws: HoldError.self) { try holds.place("eve", by: "a") }
            lease.release()
            #expect(try holds.retentionUnderWay() == nil && holds.place("eve", by: "a"))
        }
    }

    @Test("what takes time is done when it has ended, and failed when it threw")
    func audited() async throws {
        let audit = AuditLog(StateDatabase())
        try await audit.record(
            by: "a", "privacy.export", of: "x",
            whileDoing: {
                await Task.yield()
                let outcomes = try audit.entries(limit: 9).map(\.change.outcome)
                #expect(outcomes == [.begun])
            })
        await #expect(throws: CancellationError.self) {
            try await audit.record(by: "a", "privacy.export", of: "y", whileDoing: { throw CancellationError() })
        }
        #expect(try audit.entries(limit: 9).map(\.change.outcome) == [.failed, .begun, .done, .begun])
    }
}
