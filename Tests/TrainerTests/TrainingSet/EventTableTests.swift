import Columnar
import Domain
import Foundation
import Linalg
import Store
import TestSupport
import Testing

@testable import Trainer

@Suite struct EventTableTests {
    private static let schema = Schema([
        Field(EventColumn.userID, .string, nullable: false), Field(EventColumn.itemID, .string, nullable: false),
        Field(EventColumn.kind, .string, nullable: false), Field(EventColumn.value, .float, nullable: false),
        Field(EventColumn.at, .timestamp, nullable: false), Field(EventColumn.eventDate, .date, nullable: false),
    ])

    private func append(_ log: InteractionLog, to table: DeltaTable) throws {
        var (users, items, kinds) = (BytesColumn(), BytesColumn(), BytesColumn())
        var values: [Float] = []
        var times: [Int64] = []
        var dates: [Int32] = []
        try log.forEachChunk { chunk in
            for record in chunk {
                users.append(log.users.id(at: Int(record.user)))
                items.append(log.items.id(at: Int(record.item)))
                kinds.append(record.kind.name)
                values.append(record.value)
                times.append(record.at)
                dates.append(Timestamp(microseconds: record.at).date.days)
            }
        }
        let batch = try RecordBatch(
            schema: Self.schema,
            columns: [
                .string(users), .string(items), .string(kinds), .float(PrimitiveColumn(values)),
                .timestamp(PrimitiveColumn(times)), .date(PrimitiveColumn(dates)),
            ])
        _ = try table.append([batch])
    }

    /// What comes out of a table is what went in, at each of its versions.
    @Test func readsOneVersionOfTheTable() async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaTable.create(
                at: folder.appending(path: TableContract.events.name).path, schema: Self.schema,
                partitionedBy: [EventColumn.eventDate])
            let first = try plantedLog()
            try append(first, to: table)
            let version = try table.snapshot().version
            try append(plantedLog(seed: 2), to: table)

            let whole = try InteractionLog.read(from: EventStore(folder: folder.path))
            let old = try InteractionLog.read(from: EventStore(folder: folder.path), version: version)
            #expect(old.count == first.count && whole.count == 2 * first.count)
            #expect(old.version == version && old.first == first.first && old.last == first.last)
            let ours = try TrainingSet.build(from: old, weights: .init())
            let theirs = try TrainingSet.build(from: first, weights: .init())
            #expect(Set(ours.users.ids) == Set(theirs.users.ids) && Set(ours.items.ids) == Set(theirs.items.ids))
            #expect(ours.interactions.count == theirs.interactions.count && ours.likedCount == theirs.likedCount)

            // The same version gives the same bytes, read again; a newer one does not count.
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let manifest = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(old)
            let again = try InteractionLog.read(from: EventStore(folder: folder.path), version: manifest.data.version)
            try Reproduction.run(of: manifest, on: again, in: registry).check()
            #expect(throws: TrainerError.self) { try Reproduction.run(of: manifest, on: whole, in: registry) }
        }
    }

    /// A table of one row a type: doubles for floats and numbers for identifiers, as Spark and pandas have them.
    @Test func takesTypesOfOthersWhoseMeaningIsPlain() async throws {
        func table(_ columns: [(String, ColumnType, Column)], at folder: URL) throws {
            let schema = Schema(columns.map { Field($0.0, $0.1) })
            let table = try DeltaTable.create(
                at: folder.appending(path: TableContract.events.name).path, schema: schema)
            _ = try table.append([RecordBatch(schema: schema, columns: columns.map(\.2))])
        }
        try await withTemporaryFolder { folder in
            let kinds = (EventColumn.kind, ColumnType.string, Column.string(BytesColumn(["review", "review"])))
            let times = (
                EventColumn.at, ColumnType.timestamp,
                Column.timestamp(PrimitiveColumn([1_700_000_000_000_000, 1_700_000_000_000_001]))
            )
            let items = (EventColumn.itemID, ColumnType.int32, Column.int32(PrimitiveColumn([-7, 9])))
            let users = (EventColumn.userID, ColumnType.int64, Column.int64(PrimitiveColumn([1 << 40, 3])))
            for (name, values) in [
                ("double", (EventColumn.value, ColumnType.double, Column.double(PrimitiveColumn([3.5, 4])))),
                ("long", (EventColumn.value, ColumnType.int64, Column.int64(PrimitiveColumn([3, 4])))),
            ] {
                let store = folder.appending(path: name)
                try table([users, items, kinds, values, times], at: store)
                let log = try InteractionLog.read(from: EventStore(folder: store.path))
                #expect(log.users.ids == ["1099511627776", "3"] && log.items.ids == ["-7", "9"])
                var read: [Float] = []
                try log.forEachChunk { for record in $0 { read.append(record.value) } }
                #expect(read == [name == "double" ? 3.5 : 3, 4])
            }
            let seconds = (EventColumn.at, ColumnType.int64, Column.int64(PrimitiveColumn([1, 2])))
            let values = (EventColumn.value, ColumnType.float, Column.float(PrimitiveColumn([3, 4])))
            try table([users, items, kinds, values, seconds], at: folder)
            let error = #expect(throws: TrainerError.self) {
                try InteractionLog.read(from: EventStore(folder: folder.path))
            }
            #expect(error?.message.contains("at is long, where timestamp is needed") == true)
        }
    }

    @Test func namesWhatIsWrongWithTheStore() async throws {
        try await withTemporaryFolder { folder in
            #expect(throws: ColumnarError.self) { try InteractionLog.read(from: EventStore(folder: folder.path)) }
            let path = folder.appending(path: TableContract.events.name).path
            _ = try DeltaTable.create(at: path, schema: Self.schema)
            #expect(throws: TrainerError.emptyTrainingSet(source: path, reason: "version 0 has no events")) {
                try InteractionLog.read(from: EventStore(folder: folder.path))
            }
            #expect(throws: ColumnarError.self) {
                try InteractionLog.read(from: EventStore(folder: folder.path), version: 7)
            }
            let other = folder.appending(path: "other")
            _ = try DeltaTable.create(
                at: other.appending(path: TableContract.events.name).path, schema: Schema([Field("a", .string)]))
            #expect(throws: TrainerError.self) { try InteractionLog.read(from: EventStore(folder: other.path)) }
        }
    }
}
