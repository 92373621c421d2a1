internal import CKernels

/// A set of small numbers, and where rows of numbers have them.
///
///     var asked = MarkedNumbers(limit: terms)
///     asked.insert(17)
///     asked.positions(in: vectorTerms, starts, rows: documents, beside: frequencies) { positions, ends in … }
///
/// Its memory is used from search to search.
package struct MarkedNumbers: Sendable {
    /// How many numbers are in it.
    package private(set) var count = 0
    private var words: [UInt32]
    /// By the lowest bits of a number, whether there may be such a one: most numbers of the rows stop here.
    private var filter = [UInt32](repeating: 0, count: 16)
    private var positions: [Int32] = []
    private var ends: [Int32] = []
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

    /// Hands on at which positions some rows have numbers of the set, row after row, and where those of each row end.
    /// O(numbers of the rows).
    /// - Parameters:
    ///   - numbers: row after row, those of row `r` from `starts[r]` to before `starts[r + 1]`, no number twice in one.
    ///   - beside: bytes by position that are wanted next.
    /// - Precondition: the rows are there, and their numbers below the limit.
    package mutating func positions(
        in numbers: [Int32], _ starts: [Int32], rows: UnsafeBufferPointer<Int32>, beside: [UInt8],
        _ body: (_ positions: UnsafeBufferPointer<Int32>, _ ends: UnsafeBufferPointer<Int32>) -> Void
    ) {
        precondition(numbers.count == beside.count, "bytes for other numbers")
        // No row has more of them than the set or than itself.
        var room = 1
        for row in rows { room += min(count, Int(starts[Int(row) + 1] - starts[Int(row)])) }
        if positions.count < room { positions = .init(repeating: 0, count: room + room / 4) }
        if ends.count < rows.count { ends = .init(repeating: 0, count: rows.count + rows.count / 4) }
        numbers.withUnsafeBufferPointer { numbers in
            starts.withUnsafeBufferPointer { starts in
                beside.withUnsafeBufferPointer { beside in
                    withSet { words, filter in
                        positions.withUnsafeMutableBufferPointer { positions in
                            ends.withUnsafeMutableBufferPointer { ends in
                                // Proof: the sizes are those that CKernels.h asks for; `starts` has checked the rows above.
                                var task = ck_marked(
                                    starts: starts.baseAddress, numbers: numbers.baseAddress,
                                    beside: beside.baseAddress, set: words, filter: filter, rows: rows.baseAddress,
                                    count: rows.count, positions: positions.baseAddress, ends: ends.baseAddress)
                                kernels.table.pointee.marked(&task)
                                body(
                                    UnsafeBufferPointer(rebasing: positions[..<(rows.isEmpty ? 0 : Int(ends[rows.count - 1]))]),
                                    UnsafeBufferPointer(rebasing: ends[..<rows.count]))
                            }
                        }
                    }
                }
            }
        }
    }

    private func withSet(_ body: (UnsafePointer<UInt32>?, UnsafePointer<UInt32>?) -> Void) {
        words.withUnsafeBufferPointer { words in
            filter.withUnsafeBufferPointer { body(words.baseAddress, $0.baseAddress) }
        }
    }
}
