import Catalog
import Columnar
import Domain
import Foundation

/// The films in a store.
struct StoredCatalogue: Sendable {
    /// Folder of the tables.
    let store: String

    /// The newest films, or nil if the store has no table of films. Blocks.
    /// - Parameter version: nil is returned for this version of the table too.
    func read(unless version: Int64? = nil) throws -> (version: Int64, snapshot: CatalogSnapshot)? {
        let path = "\(store)/\(Tables.movies)"
        guard FileManager.default.fileExists(atPath: "\(path)/_delta_log") else {
            guard FileManager.default.fileExists(atPath: store) else { throw ColumnarError.notATable(path: path) }
            return nil
        }
        let snapshot = try DeltaTable.open(at: path).snapshot()
        guard snapshot.version != version else { return nil }
        return (snapshot.version, try MovieTable.catalogue(of: snapshot))
    }
}
