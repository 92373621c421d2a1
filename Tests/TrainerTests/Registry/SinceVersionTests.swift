import Columnar
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Trainer

/// Trainings that begin with the events an earlier one kept: the same model, or all is read and the reason said.
@Suite struct SinceVersionTests {
    private struct Choices: PersonalChoices {
        var objecting: Set<String>
        var revision: Int { objecting.hashValue }

        func choice(of user: String) -> PersonalChoice {
            PersonalChoice(objections: objecting.contains(user) ? [.training] : [])
        }
    }

    /// What a training reads, in an order that says nothing: by the events' texts.
    private func read(
        _ store: EventStore, _ folder: URL, since: EventStart?, _ choices: any PersonalChoices = NoObjections()
    ) throws -> (log: InteractionLog, events: [String]) {
        let kept = ModelRegistry(folder: folder.appending(path: "models").path)
        let log =
            try since.map { try InteractionLog.read(from: store, since: $0, in: kept, choices: choices) }
            ?? InteractionLog.read(from: store, choices: choices)
        var events: [String] = []
        try log.forEachChunk { chunk in
            for record in chunk {
                let (user, item) = (log.users.id(at: Int(record.user)), log.items.id(at: Int(record.item)))
                events.append("\(user) \(item) \(record.kind) \(record.value) \(record.at)")
            }
        }
        return (log, events.sorted())
    }

    /// The bytes that data, settings and seed decide, and the figures.
    private func trained(
        _ log: InteractionLog, _ folder: URL
    ) throws -> (digests: [String], figures: [String: [String: Interval]]?) {
        var configuration = smallConfiguration(rank: 6, epochs: 2)
        configuration.weights.halfLifeDays = 5
        let apart = ModelRegistry(folder: folder.appending(path: UUID().uuidString).path)
        let manifest = try TrainingRun(configuration: configuration, registry: apart).run(log)
        return (ModelFiles.required.map { manifest.files[$0]?.sha256 ?? "" }, manifest.evaluation?.metrics)
    }

    /// Appends, merges and trains by turns; each model is that of a full read.
    @Test func onlyWhatCameIsReadAndTheBytesAreThoseOfAFullRead() async throws {
        try await withTemporaryFolder { folder in
            let rows = StoredRow.planted()
            let store = try StoredRow.store([Array(rows[..<1200])], in: folder.appending(path: "data"))
            let table = try store.open(.events)
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            #expect(
                try read(store, folder, since: .newest).log.reading
                    == .whole(reason: "the registry has no events of an earlier training"))
            var version = try table.snapshot().version
            for (number, part) in [1200..<1800, 1800..<1900, 1900..<3000].enumerated() {
                let middle = (part.lowerBound + part.upperBound) / 2
                _ = try table.append([StoredRow.batch(Array(rows[part.lowerBound..<middle]))])
                if number > 0 { _ = try table.optimize() }
                _ = try table.append([StoredRow.batch(Array(rows[middle..<part.upperBound]))])
                // Nothing of what was there before is read: it need not even be on the disk.
                let made = try read(store, folder, since: number == 1 ? .newest : .version(version))
                #expect(made.log.reading == .since(version: version, files: 2, events: part.count), "\(number)")
                let whole = try read(store, folder, since: nil)
                #expect(made.events == whole.events && made.log.clock == whole.log.clock, "\(number)")
                if number == 2 {
                    let (ours, theirs) = (try trained(made.log, folder), try trained(whole.log, folder))
                    #expect(ours.digests == theirs.digests && ours.figures == theirs.figures)
                }
                version = try table.snapshot().version
                #expect(try registry.versionsOfEvents() == [version])
            }
            // Of the same version nothing is read at all.
            let again = try read(store, folder, since: .newest)
            #expect(again.log.reading == .since(version: version, files: 0, events: 0))
            #expect(try again.events == read(store, folder, since: nil).events)
        }
    }

    @Test func itSaysWhyEverythingIsRead() async throws {
        try await withTemporaryFolder { folder in
            let rows = StoredRow.planted(count: 1500)
            let store = try StoredRow.store([Array(rows[..<1000])], in: folder.appending(path: "data"))
            let table = try store.open(.events)
            let models = folder.appending(path: "models")
            func reason(_ since: EventStart = .newest) throws -> String {
                let made = try read(store, folder, since: since)
                #expect(try made.events == read(store, folder, since: nil).events)
                guard case .whole(let reason)? = made.log.reading else {
                    return "\(String(describing: made.log.reading))"
                }
                return reason
            }
            _ = try reason()
            #expect(try reason(.version(77)) == "the registry has no events of version 77, it has those of 1")
            _ = try table.delete(where: Predicate("user_id = 'user 3'", schema: TableContract.events.schema))
            #expect(try reason() == "version 2 removed or rewrote rows (DELETE)")
            _ = try table.addColumns([Field("extra", .string)])
            #expect(try reason() == "the table's columns are not those of version 2")
            // Damage, of the data and of what the header says.
            let path = models.appending(path: "events-3/\(KeptEvents.file)")
            let whole = try Data(contentsOf: path)
            try (whole[..<(whole.count - 9)]).write(to: path)
            #expect(try reason().contains("events-3/\(KeptEvents.file) is damaged: "))
            try Data(
                String(decoding: whole, as: UTF8.self).replacing("marquee-events-1", with: "marquee-events-9").utf8
            )
            .write(to: path)
            #expect(try reason().hasPrefix("what is kept cannot be used: "))
            // One bit of one event, which is an event still.
            var flipped = whole
            flipped[whole.count - 40] ^= 1
            try flipped.write(to: path)
            #expect(try reason().contains("its digest is another"))
            // Another table in its place, of as many versions.
            try FileManager.default.removeItem(at: folder.appending(path: "data"))
            let other = try StoredRow.store(
                (0..<4).map { Array(rows[$0 * 250..<$0 * 250 + 250]) }, in: folder.appending(path: "data"))
            #expect(try other.open(.events).snapshot().version == 4)
            #expect(try reason() == "the events that are kept are of another table")
        }
    }

    /// Rows that are no events are named anew each time, so nothing is kept beside them.
    @Test func nothingIsKeptBesideRowsThatAreNoEvents() async throws {
        try await withTemporaryFolder { folder in
            let rows = StoredRow.planted(count: 1200)
            let store = try StoredRow.store([rows], in: folder.appending(path: "data"))
            _ = try read(store, folder, since: .newest)
            let bad = StoredRow("bad one", "u", "i", "view", .nan, at: 1_700_000_000)
            _ = try store.open(.events).append([StoredRow.batch([bad])])
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let log = try InteractionLog.read(from: store, since: .newest, in: registry)
            #expect(log.badRows.names == ["bad one"] && log.badRows.rowsRead == 1201)
            #expect(log.reading == .since(version: 1, files: 1, events: 0))
            #expect(try registry.versionsOfEvents() == [])
        }
    }

    @Test func whoObjectsIsLeftOutAndWhoIsErasedIsForgotten() async throws {
        try await withTemporaryFolder { folder in
            let rows = StoredRow.planted(count: 1800)
            let store = try StoredRow.store([Array(rows[..<1500])], in: folder.appending(path: "data"))
            _ = try read(store, folder, since: .newest, Choices(objecting: ["user 1"]))
            _ = try store.open(.events).append([StoredRow.batch(Array(rows[1500...]))])
            let both = Choices(objecting: ["user 1", "user 2"])
            let made = try read(store, folder, since: .newest, both)
            let whole = try read(store, folder, since: nil, both)
            #expect(made.events == whole.events && made.log.leftOut == whole.log.leftOut)
            #expect(made.log.leftOut.users == 2)
            #expect(
                made.log.reading
                    == .since(
                        version: 1, files: 1, events: rows[1500...].count { both.choice(of: $0.user).allows(.training) }
                    ))
            let back = try read(store, folder, since: .newest, Choices(objecting: ["user 2"]))
            #expect(back.log.reading == .whole(reason: "a user who was left out allows training now"))
            #expect(try back.events == read(store, folder, since: nil, Choices(objecting: ["user 2"])).events)
            // Also who is only named as left out is found, and nothing is left of either.
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let models = PersonalModels(registry)
            #expect(try await models.find("user 2") == 1)
            #expect(try await models.verify("user 30").first?.hasPrefix("events-2: ") == true)
            _ = try await models.erase("user 30")
            #expect(try await models.verify("user 30") == [])
            #expect(try await models.verify("user 2") == [])
            #expect(
                try read(store, folder, since: .newest).log.reading
                    == .whole(reason: "the registry has no events of an earlier training"))
        }
    }
}
