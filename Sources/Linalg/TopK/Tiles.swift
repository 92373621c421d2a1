internal import Synchronization

/// Item factors in blocks of 32 items, factor by factor, as the scan of all floats reads them.
///
/// They are a second copy of the factors. Where codes serve nearly every query and items are scored from the rows, nobody
/// reads them, so they are laid out when a query asks for them first.
final class Tiles: Sendable {
    static let block = 32

    /// nil once the tiles are all that is needed.
    private let items: Matrix?
    private let storage = Mutex<FloatStorage?>(nil)

    /// - Parameters:
    ///   - items: the rows, kept if the tiles are to be made later.
    ///   - atOnce: whether they are made now.
    init(_ items: Matrix, atOnce: Bool) {
        self.items = atOnce ? nil : items
        if atOnce { storage.withLock { $0 = Self.layOut(items) } }
    }

    /// The tiles; others wait while they are made. O(items × rank) the first time.
    var all: FloatStorage {
        storage.withLock { storage in
            if let storage { return storage }
            guard let items else { preconditionFailure("without rows the tiles are made at once") }
            let made = Self.layOut(items)
            storage = made
            return made
        }
    }

    var areMade: Bool { storage.withLock { $0 != nil } }

    private static func layOut(_ items: Matrix) -> FloatStorage {
        let blocks = (items.rows + block - 1) / block
        let tiles = FloatStorage(zeros: blocks * block * items.columns)
        items.withElements { source in
            for item in 0..<items.rows {
                let tile = tiles.base + (item / block) * items.columns * block + item % block
                for t in 0..<items.columns { tile[t * block] = source[item * items.columns + t] }
            }
        }
        return tiles
    }
}
