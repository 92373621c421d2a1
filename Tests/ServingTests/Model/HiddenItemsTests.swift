import Catalog
import Domain
import Testing

@testable import Serving

/// What is not in the catalogue, or not any more, is in no list.
@Suite struct HiddenItemsTests {
    private static let paths = [
        "/v1/users/a-user0/recommendations?n=100", "/v1/users/a-user0/recommendations?n=100&exclude_seen=none",
        "/v1/users/nobody/recommendations?n=100", "/v1/items/popular?n=100", "/v1/items/a1/similar?n=100",
        "/v1/items/a1/similar?n=100&method=cf", "/v1/items/a1/similar?n=100&method=content",
    ]

    private static func catalog(without gone: Set<String>, marks: [Movie] = []) throws -> CatalogSnapshot {
        CatalogSnapshot(try SmallModel().catalog.movies.filter { !gone.contains($0.itemID) } + marks)
    }

    private func shown(_ catalog: CatalogSnapshot, _ unknown: UnknownItems) async throws -> Set<String> {
        try await withService(catalog: catalog, adjust: { $0.unknownItems = unknown }) { service in
            var shown: Set<String> = []
            for path in Self.paths { shown.formUnion(try await service.get(path).ids) }
            for user in ["a-user0", "nobody"] {
                let titles = try await service.get("/suggested_movies?user_id=\(user)").text
                for title in titles.split(separator: "\"") { shown.insert(String(title).replacing("Film ", with: "")) }
            }
            return shown
        }
    }

    @Test func anItemThatNoFilmDescribesIsShownOnRequestOnly() async throws {
        // The most liked of all, as well.
        let catalog = try Self.catalog(without: ["a0", "b7"])
        let hidden = try await shown(catalog, .hide)
        #expect(hidden.isDisjoint(with: ["a0", "b7"]) && hidden.contains("a2"))
        #expect(try await shown(catalog, .show).isSuperset(of: ["a0", "b7"]))
    }

    @Test func withoutACatalogueAllAreShown() async throws {
        #expect(try await shown(.empty, .hide).isSuperset(of: ["a0", "b7"]))
    }

    @Test(arguments: [UnknownItems.show, .hide])
    func aWithdrawnFilmIsNeverShown(_ unknown: UnknownItems) async throws {
        let mark = Movie.withdrawn("a0", at: Timestamp(seconds: 9_000))
        let items = try await shown(try Self.catalog(without: [], marks: [mark]), unknown)
        #expect(!items.contains("a0") && items.contains("a2"))
    }

    @Test func asManyItemsComeBackAsThereAre() async throws {
        try await withService(catalog: try Self.catalog(without: ["a0", "b7"])) { service in
            let list = try await service.get("/v1/users/nobody/recommendations?n=100").ids
            // 40 items of the model and one of the catalogue alone, without two.
            #expect(list.count == 39 && Set(list).count == 39)
        }
    }
}
