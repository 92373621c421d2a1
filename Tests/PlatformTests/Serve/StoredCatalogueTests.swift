import Catalog
import Columnar
import Domain
import Foundation
import Platform
import Store
import TestSupport
import Testing

struct StoredCatalogueTests {
    @Test func aTableWhoseFilmsWereAllDeletedIsACatalogueWithoutFilms() async throws {
        try await withTemporaryFolder { folder in
            let store = EventStore(folder: folder.path)
            #expect(try StoredCatalogue(store: store).read() == nil)
            // As the ingester makes it before the first film comes.
            let table = try store.openOrCreate(.movies)
            #expect(try StoredCatalogue(store: store).read()?.snapshot.isThere == false)
            try ImportedFilms.append(
                [Movie(itemID: "f1", title: "One", updatedAt: Timestamp(seconds: 5))], knowing: .empty, in: store)
            #expect(try StoredCatalogue(store: store).read()?.snapshot.count == 1)
            _ = try table.delete(where: .compare(column: "item_id", .equal, .string("f1")))
            let films = try #require(try StoredCatalogue(store: store).read()?.snapshot)
            #expect(films.isThere && films.count == 0)
        }
    }
}
