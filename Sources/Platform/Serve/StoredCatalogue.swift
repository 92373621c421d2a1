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
    public func read(unless version: Int64? = nil) throws -> (version: Int64, snapshot: CatalogSnapshot)? {
        // A store that is not there is no store without films: its name is wrong.
        guard let table = try store.exists() ? store.openIfPresent(.movies) : store.open(.movies) else { return nil }
        let snapshot = try table.snapshot()
        guard snapshot.version != version else { return nil }
        return (snapshot.version, try MovieTable.catalogue(of: snapshot))
    }
}
