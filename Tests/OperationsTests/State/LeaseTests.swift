import Domain
import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite("Leases")
struct LeaseTests {
    private func taken(_ outcome: Leases.Outcome) -> Lease? {
        if case .taken(let lease) = outcome { return lease }
        return nil
    }

    @Test("one holder at a time; given back, another may have it")
    func turns() async throws {
        try await withTemporaryFolder { folder in
            let (first, second) = (StateDatabase(folder: folder.path), StateDatabase(folder: folder.path))
            let lease = try #require(try taken(Leases(first).take("a")))
            #expect(try taken(Leases(second).take("a")) == nil)
            #expect(try taken(Leases(second).take("b")) != nil)
            #expect(try Leases(second).holder(of: "a")?.process == Int64(getpid()))
            #expect(try lease.beat())
            lease.release()
            #expect(try taken(Leases(second).take("a")) != nil)
            #expect(try !lease.beat(), "it has lost it")
        }
    }

    @Test("of a killed holder it is known at once")
    func killed() async throws {
        let folder = Self.folder(of: getpid())
        defer { try? FileManager.default.removeItem(at: folder) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let state = StateDatabase(folder: LeaseTests.folder(of: getppid()).path)
            guard case .taken = try Leases(state).take("a") else { return }
            kill(getpid(), SIGKILL)
        }
        let leases = Leases(StateDatabase(folder: folder.path))
        #expect(try leases.holder(of: "a") == nil)
        #expect(try taken(leases.take("a")) != nil)
    }

    @Test("a process number that came again, and an earlier boot, are known as dead")
    func reused() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            for change in ["started = started - 1", "boot = 'before'"] {
                _ = try #require(try taken(Leases(state).take("a")))
                try state.write { try $0.execute("UPDATE leases SET \(change)") }
                #expect(try taken(Leases(state).take("a")) != nil, "\(change)")
                try state.write { try $0.execute("DELETE FROM leases") }
            }
        }
    }

    @Test("a holder elsewhere has it while it beats, and loses it when it does not")
    func elsewhere() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let lease = try #require(try taken(Leases(state).take("a")))
            try state.write { try $0.execute("UPDATE leases SET host = 'other', boot = 'other'") }
            let watcher = Leases(state, patience: .milliseconds(300))
            #expect(try taken(watcher.take("a")) == nil)
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(100))
                #expect(try lease.beat())
                #expect(try taken(watcher.take("a")) == nil)
            }
            try await Task.sleep(for: .milliseconds(320))
            #expect(try taken(watcher.take("a")) != nil)
            #expect(try !lease.beat())
        }
    }

    /// The killed process finds the folder by its parent's number.
    static func folder(of process: pid_t) -> URL {
        FileManager.default.temporaryDirectory.appending(path: "marquee-lease-\(process)")
    }
}
