public import Catalog
internal import Columnar
internal import Domain
internal import Foundation

/// The films in a store.
public struct StoredCatalogue: Sendable {
    /// Folder of the tables.
    public let store: String

    /// - Parameter store: folder of the tables; it need not be there yet.
    public init(store: String) { self.store = store }

    /// The newest films, or nil if the store has no table of films. Blocks.
    /// - Parameter version: nil is returned for this version of the table too.
    public func read(unless version: Int64? = nil) throws -> (version: Int64, snapshot: CatalogSnapshot)? {
        let snapshot: Snapshot
        do {
            snapshot = try DeltaTable.open(at: "\(store)/\(Tables.movies)").snapshot()
        } catch ColumnarError.notATable where FileManager.default.fileExists(atPath: store) {
            // Also where an ingester is just making it: the folder of a table comes before its first commit.
            return nil
        }
        guard snapshot.version != version else { return nil }
        return (snapshot.version, try MovieTable.catalogue(of: snapshot))
    }
}
