import Domain
import Foundation
import Operations
import TestSupport
import Testing

@testable import Platform

/// What persons allow: kept with its history and without their names, and followed by every process.
@Suite struct ChoiceTests {
    @Test func theNewestWordOnEachPurposeHoldsAndTheHistoryStays() throws {
        let register = PersonalRegister(StateDatabase())
        #expect(try register.table().choice(of: "anna") == .everything)
        try register.set([.training: false, .personal: false], of: "anna", by: "cli:op")
        try register.set([.personal: true], of: "anna", by: "cli:op")
        let table = try register.table()
        #expect(table.choice(of: "anna").objections == [.training])
        #expect(table.choice(of: "anna2") == .everything)
        #expect(try register.history(of: "anna").map(\.isAllowed) == [false, false, true])
        #expect(try register.history(of: "bob").isEmpty)
        try register.suppress("anna")
        #expect(try !register.table().choice(of: "anna").allows(.personal))
        try register.forget("anna")
        #expect(try register.table().choice(of: "anna") == .everything)
        #expect(try register.history(of: "anna").isEmpty)
    }

    @Test func noIdentifierIsInTheFile() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            try PersonalRegister(state).set([.analytics: false], of: "canary-zebra-1", by: "cli:op")
            try PersonalRegister(state).suppress("canary-zebra-1")
            let storage = LocalStorage(folder.path)
            for entry in try storage.list("", from: "") {
                #expect(!IdentifierSearch("canary-zebra-1").isFound(in: try storage.read(entry.name)))
            }
        }
    }

    @Test(arguments: [true, false])
    func anObjectionOutlivesItsFile(isReplaced: Bool) async throws {
        try await withTemporaryFolder { folder in
            let state = folder.appending(path: "state")
            try PersonalRegister(StateDatabase(folder: state.path)).set([.personal: false], of: "anna", by: "x")
            let guarding = try PersonalGuard(StateDatabase(folder: state.path))
            let following = Task { try await guarding.run() }
            defer { following.cancel() }
            try FileManager.default.removeItem(at: state)
            if isReplaced {
                try PersonalRegister(StateDatabase(folder: state.path)).set([.personal: false], of: "bob", by: "x")
            }
            try await Task.sleep(for: .seconds(1))
            #expect(guarding.choice(of: "anna").objections == [.personal])
            #expect(guarding.choice(of: "bob") == .everything)
        }
    }

    /// Also what was changed through the very connection that is followed, of which SQLite's own counter does not tell.
    @Test func ownChangesAreSeenAtOnce() async throws {
        try await withTemporaryFolder { folder in
            let state = StateDatabase(folder: folder.path)
            let register = PersonalRegister(state)
            try register.set([.personal: false], of: "anna", by: "x")
            let guarding = try PersonalGuard(state)
            for isAllowed in [true, false, true] {
                try register.set([.personal: isAllowed], of: "anna", by: "x")
                guarding.look()
                #expect(guarding.choice(of: "anna").allows(.personal) == isAllowed)
            }
        }
    }

    @Test func anotherProcessChangeIsFollowed() async throws {
        try await withTemporaryFolder { folder in
            let guarding = try PersonalGuard(StateDatabase(folder: folder.path))
            let following = Task { try await guarding.run() }
            defer { following.cancel() }
            #expect(guarding.choice(of: "anna") == .everything && guarding.revision == 0)
            try PersonalRegister(StateDatabase(folder: folder.path)).set([.personal: false], of: "anna", by: "x")
            let end = ContinuousClock.now + .seconds(60)
            while guarding.choice(of: "anna").allows(.personal), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(guarding.choice(of: "anna").objections == [.personal])
            #expect(guarding.revision != 0)
        }
    }
}
