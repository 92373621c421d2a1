import Columnar
import Domain
import Foundation
import Linalg
import Store
import TestSupport
import Testing

@testable import Trainer

/// A model depends on the events, not on the order or the files in which they are stored.
@Suite struct RowOrderTests {
    /// The same rows in one file, shuffled into many, those merged by `optimize`, and in two batches in swapped order.
    private func stores(in folder: URL, _ rows: [StoredRow]) throws -> [EventStore] {
        var stores = [try StoredRow.store([rows], in: folder.appending(path: "whole"))]
        for seed in 1...2 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var rest = rows.shuffled(using: &generator)
            var parts: [[StoredRow]] = []
            while !rest.isEmpty {
                let size = min(rest.count, 1 + generator.below(rows.count / 2))
                parts.append(Array(rest.prefix(size)))
                rest.removeFirst(size)
            }
            stores.append(try StoredRow.store(parts, in: folder.appending(path: "parts \(seed)")))
        }
        let optimized = try StoredRow.store(
            [Array(rows.reversed().prefix(1000)), Array(rows.reversed().dropFirst(1000))],
            in: folder.appending(path: "optimized"))
        #expect(try optimized.open(.events).optimize().filesRemoved > 0)
        stores.append(optimized)
        stores.append(
            try StoredRow.store(
                [Array(rows.suffix(rows.count / 2)), Array(rows.prefix(rows.count - rows.count / 2))],
                in: folder.appending(path: "swapped")))
        return stores
    }

    private static let kinds: [(name: String, change: @Sendable (inout TrainingConfiguration) -> Void)] = [
        ("implicit", { _ in }),
        ("ageing", { $0.weights.halfLifeDays = 3 }),
        ("newest", { $0.weights.repeats = .newest }),
        (
            "explicit",
            {
                $0.weights = .ratings
                $0.explicit = .init()
            }
        ),
    ]

    @Test(arguments: kinds.indices) func anyOrderOfRowsGivesTheSameBytes(kind: Int) async throws {
        try await withTemporaryFolder { folder in
            var digests: Set<String> = []
            var figures: Set<[String: [String: Interval]]> = []
            for (number, store) in try stores(in: folder, StoredRow.planted()).enumerated() {
                var configuration = smallConfiguration(rank: 6, epochs: 3)
                configuration.parameters.threads = 1 + number % 3
                Self.kinds[kind].change(&configuration)
                let registry = ModelRegistry(folder: folder.appending(path: "models \(number)").path)
                let manifest = try TrainingRun(configuration: configuration, registry: registry)
                    .run(InteractionLog.read(from: store))
                digests.insert(manifest.factorsSHA256)
                figures.insert(try #require(manifest.evaluation).metrics)
            }
            #expect(digests.count == 1, "\(Self.kinds[kind].name)")
            #expect(figures.count == 1, "\(Self.kinds[kind].name)")
        }
    }

    @Test(arguments: ["time:0.8", "last", "random:0.2:5"])
    func everySplitHoldsTheSameEventsOut(text: String) async throws {
        try await withTemporaryFolder { folder in
            var figures: Set<[String: [String: Interval]]> = []
            for store in try stores(in: folder, StoredRow.planted()) {
                var configuration = smallConfiguration(rank: 6, epochs: 2)
                configuration.split = try #require(Split(text))
                let report = try ModelEvaluation(configuration: configuration).run(InteractionLog.read(from: store))
                #expect(report.data.heldOut.relevantPairs > 20)
                figures.insert(report.metrics)
            }
            #expect(figures.count == 1)
        }
    }

    /// A rating of 2004, and an older one that is stored after it.
    @Test func theNewestIsTheOneThatHappenedLast() async throws {
        try await withTemporaryFolder { folder in
            let old = StoredRow("old", "u", "i", "review", 1, at: 900_000_000)
            let new = StoredRow("new", "u", "i", "review", 5, at: 1_090_000_000)
            let same = StoredRow("same", "u", "j", "review", 4, at: 1_090_000_000)
            let again = StoredRow("again", "u", "j", "review", 2, at: 1_090_000_000)
            for (number, parts) in [
                [[new, same], [old, again]], [[old, again], [new, same]], [[again, new, old, same]],
            ]
            .enumerated() {
                let store = try StoredRow.store(parts, in: folder.appending(path: "\(number)"))
                let log = try InteractionLog.read(from: store)
                let stars = try TrainingSet.build(from: log, weights: .ratings)
                #expect(stars.items.ids == ["i", "j"])
                #expect(stars.interactions.values == [1.5, 0.5], "at one instant the greater")
                var weights = ConfidenceWeights()
                weights.repeats = .newest
                #expect(try TrainingSet.build(from: log, weights: weights).interactions.values == [1.5, 1])
            }
        }
    }

    @Test func identifiersAreNumberedByTheirBytes() throws {
        var pool = IdentifierPool()
        let identifiers = [
            "b", "", "12345678z", "12345678", "a\u{0}", "a", "é", "12345678a", "ab", "\u{0}", "\u{0}\u{0}",
        ]
        for identifier in identifiers { _ = pool.insert(identifier) }
        let expected = identifiers.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(pool.inByteOrder().map { pool.id(at: Int($0)) } == expected)
        #expect(pool.inByteOrder { $0 < 2 }.map { pool.id(at: Int($0)) } == ["", "b"])
        #expect(Set(pool.stableHashes()).count == identifiers.count)
    }
}
