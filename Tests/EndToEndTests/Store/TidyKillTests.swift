import Columnar
import Domain
import Foundation
import TestSupport
import Testing

/// `marquee store optimize --every` beside a writer, killed at random instants: nothing is lost and no commit of the
/// writer fails.
@Suite struct TidyKillTests {
    private static let schema = Schema([
        Field("id", .int64, nullable: false), Field("at", .timestamp), Field("day", .date, nullable: false),
    ])

    private static func batch(_ ids: Range<Int64>) throws -> RecordBatch {
        try RecordBatch(
            schema: schema,
            columns: [
                .int64(PrimitiveColumn(Array(ids))), .timestamp(PrimitiveColumn(ids.map { $0 * 1_000_000 })),
                .date(PrimitiveColumn(ids.map { Int32(20_000 + $0 % 2) })),
            ])
    }

    @Test func killsWhileTidyingLoseNothing() async throws {
        let rounds = Effort.rounds(12, nightly: 200)
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "events").path
            let table = try DeltaTable.create(at: path, schema: Self.schema, partitionedBy: ["day"])
            var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
            var written: Int64 = 0
            for _ in 0..<rounds {
                let tidier = try MarqueeProcess(["store", "optimize", path, "--every", "1s"], in: folder)
                for _ in 0..<70 {
                    let outcome = try table.append([Self.batch(written..<written + 4)])
                    guard case .committed = outcome else {
                        Issue.record("a commit of the writer ended as \(outcome)")
                        break
                    }
                    written += 4
                }
                try await Task.sleep(for: .milliseconds(random.below(1500)))
                tidier.signal(SIGKILL)
                #expect(try await tidier.result().wasKilled)
            }
            let snapshot = try DeltaTable.open(at: path).snapshot()
            var ids: [Int64] = []
            var scan = try snapshot.scan(columns: ["id"])
            while let batch = try scan.next() { ids += batch.columns[0].int64s?.values ?? [] }
            #expect(ids.sorted() == Array(0..<written))
            #expect(try table.verify().problems.isEmpty)
            let merges = try table.history().count { $0.operation == "OPTIMIZE" }
            #expect(merges > 0, "or the kills proved nothing")
        }
    }
}
