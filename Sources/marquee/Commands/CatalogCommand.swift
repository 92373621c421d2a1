import Catalog
import Domain
import Operations
import Platform
import Store

/// What the commands `marquee catalog …` share.
enum CatalogCommand {
    static let alias = Option<String>.text(
        "alias", "NAME", default: "movies", "The alias that films are searched through.")
    static let timeout = Option<Double>.number(
        "search-timeout", in: 0.1...600, default: 30, "Seconds that one query may take.")

    static let service: [OptionSpec] = ElasticsearchOptions.all + [alias.spec, timeout.spec]

    /// The search service that was named, or nil.
    static func client(_ invocation: Invocation) throws -> ElasticsearchClient? {
        try ElasticsearchOptions.client(
            invocation, index: invocation.value(alias), queryDeadline: .seconds(invocation.value(timeout)))
    }

    /// The films of the store that was named.
    static func films(_ invocation: Invocation) async throws -> CatalogSnapshot {
        let catalogue = StoredCatalogue(store: try invocation.store())
        guard let films = try await BlockingWork.run("catalogue", { _ in try catalogue.read() }) else {
            throw PlatformError.catalogueLost(store: catalogue.store.location)
        }
        return films.snapshot
    }
}
