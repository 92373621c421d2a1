internal import Domain
public import Linalg

/// Something that ranks the catalogue of a training set for its users.
public protocol Ranker: Sendable {
    /// As reports call it, such as `popular`.
    var name: String { get }

    /// For each of `users` the best `depth` items that its bitmap in `excluded` leaves, best first; shorter only if no
    /// more are left. Blocks; uses `workers`.
    func rank(_ users: ArraySlice<Int32>, depth: Int, excluded: [ItemBitmap], workers: Workers) throws -> [[Int32]]
}

/// Ranks by ⟨p_u, q_i⟩, exactly; equal scores by item index.
struct FactorRanker: Ranker {
    let name: String
    /// By user of the training set.
    let userFactors: Matrix
    private let items: PackedItems
    /// Items that the factors do not cover.
    private let unknown: ItemBitmap?

    /// - Parameters:
    ///   - factors: in the indices of the training set.
    ///   - unknown: items without factors, never ranked.
    init(name: String, factors: ALSFactors, unknown: ItemBitmap? = nil) throws {
        self.name = name
        userFactors = factors.userFactors
        items = try PackedItems(factors.itemFactors, keepsRows: true)
        self.unknown = unknown
    }

    func rank(_ users: ArraySlice<Int32>, depth: Int, excluded: [ItemBitmap], workers: Workers) throws -> [[Int32]] {
        let rank = userFactors.columns
        var queries = try Matrix(rows: users.count, columns: rank)
        userFactors.withUnsafeElements { source in
            queries.withUnsafeMutableElements { target in
                for (row, user) in users.enumerated() {
                    for t in 0..<rank { target[row * rank + t] = source[Int(user) * rank + t] }
                }
            }
        }
        let bitmaps = excluded.map { bitmap in
            guard let unknown else { return bitmap }
            var bitmap = bitmap
            bitmap.formUnion(unknown)
            return bitmap
        }
        return items.topK(queries: queries, count: depth, excluding: bitmaps, workers: workers).map { list in
            list.map(\.item.rawValue)
        }
    }
}

/// Ranks by one list for everybody: popularity in its variants. The baseline that a personal model has to beat.
struct ListRanker: Ranker {
    let name: String
    /// All items, best first.
    private let order: [Int32]

    /// - Parameter scores: by item; ties go to the lower index.
    init(name: String, scores: [Double]) {
        self.name = name
        order = (0..<Int32(scores.count)).sorted { a, b in
            (-scores[Int(a)], a) < (-scores[Int(b)], b)
        }
    }

    func rank(_ users: ArraySlice<Int32>, depth: Int, excluded: [ItemBitmap], workers: Workers) -> [[Int32]] {
        excluded.map { excluded in
            var list: [Int32] = []
            list.reserveCapacity(depth)
            for item in order where !excluded.contains(ItemIndex(rawValue: item)) {
                list.append(item)
                if list.count == depth { break }
            }
            return list
        }
    }
}
