public import Catalog

/// The way into the catalogue: who keeps it implements this.
public protocol CatalogueEditor: Sendable {
    /// Makes edits durable, all of them or none, and puts the catalogue with them into service before it returns.
    /// - Throws: `CatalogError` for an edit that is refused, ``ServingError/catalogueUnavailable`` if nothing can be
    ///   written now.
    func apply(_ edits: [CatalogEdit]) async throws -> [EditedFilm]
}
