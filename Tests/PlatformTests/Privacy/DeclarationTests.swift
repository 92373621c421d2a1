import Catalog
import Columnar
import Domain
import Operations
import PostgreSQL
import Store
import TestSupport
import Testing
import Trainer

@testable import Delivery
@testable import Platform

/// A new table says whether it keeps something about persons, or a test fails.
@Suite struct DeclarationTests {
    private static func stores(_ folder: String) throws -> PersonalStores {
        PersonalStores(
            store: EventStore(folder: folder), registry: ModelRegistry(folder: folder), state: StateDatabase(),
            elasticsearch: ElasticsearchClient(try .init(url: "http://localhost:1")),
            postgres: try PostgresAddress("postgresql:///nowhere"))
    }

    private func covered(_ name: String) throws -> Set<String> {
        Set(try Self.stores("nowhere").all.filter { $0.declaration.name == name }.flatMap(\.declaration.covers))
    }

    private func undeclared(_ tables: some Sequence<String>, _ covered: Set<String>, prefix: String = "") -> [String] {
        tables.filter { !covered.contains($0) && PersonalStores.withoutPersons[prefix + $0] == nil }
    }

    @Test func everyTableOfTheStoreIsDeclared() throws {
        let covered = Set(try Self.stores("nowhere").all.flatMap(\.declaration.covers))
        #expect(undeclared(TableContract.all.map(\.name), covered) == [])
        #expect(undeclared(["watch_lists"], covered) == ["watch_lists"])
        // Every column of those that hold persons has its purpose.
        for store in try Self.stores("nowhere").all {
            guard let contract = TableContract.all.first(where: { store.declaration.covers == [$0.name] }) else {
                continue
            }
            #expect(store.declaration.fields.map(\.name) == contract.schema.names)
        }
    }

    @Test func everyTableOfTheStateIsDeclared() throws {
        let state = StateDatabase()
        let tables =
            try state.read { file in
                try file.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
                    .map { try $0.text(0) }
            } ?? []
        #expect(tables.count >= 9)
        #expect(undeclared(tables, try covered("state"), prefix: "state.") == [])
    }

    @Test func everyTableOfTheDatabaseIsDeclared() throws {
        #expect(undeclared(DeliveredTable.columns.keys, try covered("postgresql"), prefix: "postgresql.") == [])
    }

    @Test func namesAreUniqueAndNothingIsLeftUnsaid() throws {
        let all = try Self.stores("nowhere").all.map(\.declaration)
        #expect(Set(all.map(\.name)).count == all.count)
        for declaration in all {
            #expect(!declaration.holds.isEmpty && !declaration.purpose.isEmpty && !declaration.kept.isEmpty)
            #expect(!declaration.fields.isEmpty, "\(declaration.name)")
        }
    }
}
