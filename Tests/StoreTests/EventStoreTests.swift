import Columnar
import Domain
import Foundation
import Store
import TestSupport
import Testing

struct EventStoreTests {
    /// On a disk and in a storage with the manners of an object store.
    private func withEach(_ body: (EventStore) throws -> Void) async throws {
        try body(EventStore(MemoryStorage()))
        try await withTemporaryFolder { try body(EventStore(folder: $0.appending(path: "data").path)) }
    }

    @Test func aTableIsMadeByItsContractInAFolderOfItsName() async throws {
        try await withEach { store in
            #expect(try !store.exists())
            for contract in TableContract.all {
                #expect(try store.openIfPresent(contract) == nil)
                #expect(throws: ColumnarError.notATable(path: "\(store)/\(contract.name)")) { try store.open(contract) }
                let snapshot = try store.openOrCreate(contract).snapshot()
                #expect(snapshot.schema == contract.schema)
                #expect(snapshot.partitionColumns == contract.partitionColumns)
                #expect(snapshot.configuration == contract.properties)
                #expect(try store.open(contract).path == store.location(of: contract))
                #expect(try store.openOrCreate(contract).snapshot().version == 0)
            }
            #expect(
                try store.storage.listFolders("") == [
                    "dead_letters", "events", "film_stats", "impressions", "movies", "quality",
                ])
            #expect(try store.exists())
        }
    }

    @Test func aTableWithMoreColumnsIsTakenAndOneWithFewerRefused() async throws {
        try await withEach { store in
            let few = TableContract(name: "movies", schema: Schema([Field("item_id", .string)]))
            _ = try store.openOrCreate(few)
            #expect(throws: ColumnarError.self) { try store.openOrCreate(.movies) }
            _ = try store.openOrCreate(.events)
            let narrow = TableContract(name: "events", schema: Schema([Field(EventColumn.userID, .string)]))
            #expect(try store.openOrCreate(narrow).snapshot().schema == TableContract.events.schema)
        }
    }

    /// A table that an earlier version made.
    @Test func optionalColumnsThatATableLacksAreAddedByTheFirstWriter() async throws {
        try await withEach { store in
            let schema = TableContract.movies.schema
            let old = TableContract(
                name: "movies", schema: Schema(schema.fields.filter { !$0.name.hasPrefix("available_") }))
            _ = try store.openOrCreate(old)
            #expect(try store.open(.movies).snapshot().schema == old.schema)
            let table = try store.openOrCreate(.movies)
            #expect(Set(try table.snapshot().schema.fields) == Set(schema.fields))
            #expect(try store.openOrCreate(.movies).snapshot().version == 1)
        }
    }

    /// What is on disks already stays as it is.
    @Test func namesAndPropertiesOfTheTablesNeverChange() {
        #expect(
            TableContract.all.map(\.name) == [
                "events", "movies", "impressions", "dead_letters", "quality", "film_stats",
            ])
        #expect(
            TableContract.events.properties
                == ["marquee.bloomFilterColumns": "event_id,user_id", "marquee.clusterBy": "event_date"])
        #expect(TableContract.events.partitionColumns.isEmpty)
        // Those that `ingest` makes too.
        #expect(TableContract.events.keeping(history: 60).properties["marquee.clusterBy"] == "event_date")
        let columns =
            "event_id user_id item_id kind value review_text at source topic partition offset ingested_at event_date "
            + "review_language review_length"
        #expect(TableContract.events.schema.names == columns.split(separator: " ").map(String.init))
        #expect(
            TableContract.impressions.properties == ["marquee.bloomFilterColumns": "recommendation_id,user_id"])
        #expect(TableContract.impressions.partitionColumns == ["event_date"])
        let shown =
            "impression_id recommendation_id user_id item_id position model_id scenario propensity at source topic "
            + "partition offset ingested_at event_date"
        #expect(TableContract.impressions.schema.names == shown.split(separator: " ").map(String.init))
        for contract in [TableContract.movies, .deadLetters] {
            #expect(contract.properties.isEmpty && contract.partitionColumns.isEmpty)
        }
    }

    @Test func anAddressOfAnUnknownKindIsRefusedWithoutItsSecrets() throws {
        #expect(try EventStore(at: "data/").location == "data")
        let error = #expect(throws: StoreError.self) { try EventStore(at: "ftp://anna:secret@host/data") }
        #expect(error?.message == "A store cannot be at ftp://…@host/data." && error?.category == .usage)
    }
}
