public import Catalog
internal import Columnar
internal import Domain
internal import Foundation
public import Store

/// The films in a store.
public struct StoredCatalogue: Sendable {
    /// Which has the table.
    public let store: EventStore

    /// - Parameter store: which has the table of films; it need not be there yet.
    public init(store: EventStore) { self.store = store }

    /// The newest films, or nil if the store has no table of films. Blocks.
    /// - Parameter version: nil is returned for this version of the table too.
    /// - Throws: ``PlatformError/catalogueLost(store:)`` if there is no table any more.
    public func read(unless version: Int64? = nil) throws -> (version: Int64, snapshot: CatalogSnapshot)? {
        // A store that is not there is no store without films: its name is wrong.
        let isThere = try store.exists()
        guard let table = try isThere || version != nil ? store.openIfPresent(.movies) : store.open(.movies) else {
            // Without a version an ingester may be just making it: the folder of a table comes before its first commit.
            guard version == nil else { throw PlatformError.catalogueLost(store: store.location) }
            return nil
        }
        let snapshot = try table.snapshot()
        guard snapshot.version != version else { return nil }
        let films = try MovieTable.catalogue(of: snapshot)
        // A table whose rows were all deleted is not one that has none yet: its films must not come back as bare items.
        guard try films.isThere || !table.history().contains(where: { $0.filesRemoved > 0 }) else {
            return (snapshot.version, .emptied)
        }
        return (snapshot.version, films)
    }

    /// Adds films and marks of withdrawal in one commit; the table comes with the first of them. Blocks.
    /// - Parameter films: what the table has, which says what a film's popularity is measured against.
    /// - Returns: the version of the table that has them.
    /// - Throws: `ColumnarError`, `StorageError` of a store that cannot be written.
    func append(_ rows: [Movie], knowing films: CatalogSnapshot) throws -> Int64 {
        let batch = try MovieTable.batch(CatalogNormalizer(knowing: films).normalised(rows))
        for _ in 0..<Self.maximumAttempts {
            switch try store.openOrCreate(.movies).append([batch], operation: "EDIT") {
            case .committed(let version), .alreadyCommitted(let version): return version
            // Somebody has changed the schema; the rows fit that, too.
            case .conflict: continue
            }
        }
        throw ColumnarError.tooManyConflicts(
            table: store.location(of: .movies), attempts: Self.maximumAttempts)
    }

    private static let maximumAttempts = 10
}
