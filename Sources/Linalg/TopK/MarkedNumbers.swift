internal import CKernels

/// A set of small numbers, and where rows of numbers have them.
///
///     var asked = MarkedNumbers(limit: terms)
///     asked.insert(17)
///     asked.positions(in: entries, starts, stride: fields, rows: documents) { positions, ends in … }
///
/// Its memory is used from search to search.
package struct MarkedNumbers: Sendable {
    /// Bits below the number of an entry.
    package static let below = UInt32(CK_NUMBER_SHIFT)

    /// How many numbers are in it.
    package private(set) var count = 0
    private var words: [UInt32]
    /// By the lowest bits of a number, whether there may be such a one: most numbers of the rows stop here.
    private var filter = [UInt32](repeating: 0, count: 16)
    /// After ``find(in:_:stride:rows:)``: where the rows have numbers of the set, row after row, and rising; and memory for more.
    package private(set) var positions: [Int32] = []
    /// By place of the row among those that were asked for, where its positions end; and memory for more.
    package private(set) var ends: [Int32] = []
    private let kernels: Kernels

    /// The empty set.
    /// - Parameters:
    ///   - limit: numbers are `0..<limit`.
    ///   - kernels: those of one instruction set, to compare them; they all find the same.
    package init(limit: Int, kernels: Kernels = .best) {
        words = .init(repeating: 0, count: limit / 32 + 1)
        self.kernels = kernels
    }

    /// - Precondition: the number is not there.
    package mutating func insert(_ number: Int32) {
        words[Int(number) / 32] |= 1 << UInt32(number % 32)
        filter[Int(number) / 32 % 16] |= 1 << UInt32(number % 32)
        count += 1
    }

    /// - Precondition: the number is there.
    package mutating func remove(_ number: Int32) {
        words[Int(number) / 32] &= ~(1 << UInt32(number % 32))
        count -= 1
        if count == 0 { for word in filter.indices { filter[word] = 0 } }
    }

    /// Finds the positions at which some rows have numbers of the set. O(numbers of the rows).
    /// - Parameters:
    ///   - entries: row after row, those of row `r` from `starts[r * stride]` to before `starts[(r + 1) * stride]`: a
    ///     number, from bit ``below`` on, and no matter what in the bits below it; no number twice in one row.
    /// - Precondition: the rows are there, and their numbers below the limit.
    package mutating func find(
        in entries: [UInt32], _ starts: [Int32], stride: Int, rows: UnsafeBufferPointer<Int32>
    ) {
        // No row has more of them than the set or than itself.
        var room = 1
        for row in rows { room += min(count, Int(starts[(Int(row) + 1) * stride] - starts[Int(row) * stride])) }
        if positions.count < room { positions = .init(repeating: 0, count: room + room / 4) }
        if ends.count < rows.count { ends = .init(repeating: 0, count: rows.count + rows.count / 4) }
        Self.lend(words, filter) { set, filter in
            starts.withUnsafeBufferPointer { starts in
                entries.withUnsafeBufferPointer { entries in
                    positions.withUnsafeMutableBufferPointer { positions in
                        ends.withUnsafeMutableBufferPointer { ends in
                            // Proof: the sizes are those that CKernels.h asks for; `starts` has checked the rows above.
                            var task = ck_marked(
                                starts: starts.baseAddress, stride: stride, entries: entries.baseAddress, set: set,
                                filter: filter, rows: rows.baseAddress, count: rows.count,
                                positions: positions.baseAddress, ends: ends.baseAddress)
                            kernels.table.pointee.marked(&task)
                        }
                    }
                }
            }
        }
    }

    private static func lend(
        _ words: [UInt32], _ filter: [UInt32], _ body: (UnsafePointer<UInt32>?, UnsafePointer<UInt32>?) -> Void
    ) {
        words.withUnsafeBufferPointer { words in
            filter.withUnsafeBufferPointer { body(words.baseAddress, $0.baseAddress) }
        }
    }
}
