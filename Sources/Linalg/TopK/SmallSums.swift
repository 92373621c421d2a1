internal import CKernels

/// Sums of small whole numbers in 16 bits, one for each place, and which of them are large: what a search adds up as
/// bounds before it scores anything.
///
///     var sums = SmallSums(count: films)
///     sums.set(toSumsOf: [3, 17], in: bytes)       // columns of one byte a film
///     sums.add(units, at: documents, from: [40], to: [55])  // and what few films have
///     sums.places(from: 9, through: .max) { … }
///
/// The caller sees to it that no sum leaves 16 bits.
package struct SmallSums: Sendable {
    private var sums: [Int16]
    private var found: [Int32]
    /// Of some sums each, the largest.
    private var highestOfSome: [Int16]
    private let kernels: Kernels

    /// All zero.
    /// - Parameter kernels: those of one instruction set, to compare them; they all count the same.
    package init(count: Int, kernels: Kernels = .best) {
        sums = .init(repeating: 0, count: count)
        found = .init(repeating: 0, count: count)
        let strides = (count + Int(CK_STRIDE * CK_STRIDE_ROWS) - 1) / Int(CK_STRIDE * CK_STRIDE_ROWS)
        highestOfSome = .init(repeating: 0, count: strides * Int(CK_STRIDE))
        self.kernels = kernels
    }

    /// How many sums there are.
    package var count: Int { sums.count }

    /// The sum at a place. O(1).
    package subscript(place: Int) -> Int16 {
        get { sums[place] }
        set { sums[place] = newValue }
    }

    /// Every sum becomes `value`. O(count).
    package mutating func set(to value: Int16) { sums.withUnsafeMutableBufferPointer { $0.update(repeating: value) } }

    /// Every sum becomes that of some columns at its place; of none 0. O(columns × count).
    /// - Parameter bytes: column after column, ``count`` bytes each.
    /// - Precondition: the columns are there.
    package mutating func set(toSumsOf columns: [Int32], in bytes: [UInt8]) {
        let count = sums.count
        precondition(columns.allSatisfy { $0 >= 0 && (Int($0) + 1) * count <= bytes.count }, "no such column")
        bytes.withUnsafeBufferPointer { bytes in
            withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: columns.count) { pointers in
                for (place, column) in columns.enumerated() {
                    pointers.initializeElement(at: place, to: bytes.baseAddress! + Int(column) * count)
                }
                sums.withUnsafeMutableBufferPointer { sums in
                    kernels.table.pointee.add_columns(pointers.baseAddress, columns.count, count, sums.baseAddress)
                }
            }
        }
    }

    /// Adds some of `values` at their places: those of each range from one of `firsts` to before one of `ends`.
    /// O(lengths of the ranges).
    /// - Precondition: the ranges and the places are there.
    package mutating func add(_ values: [Int16], at places: [Int32], from firsts: [Int32], to ends: [Int32]) {
        precondition(firsts.count == ends.count && values.count == places.count, "not one for each")
        precondition(firsts.allSatisfy { $0 >= 0 } && ends.allSatisfy { $0 <= values.count }, "more than there are")
        values.withUnsafeBufferPointer { values in
            places.withUnsafeBufferPointer { places in
                sums.withUnsafeMutableBufferPointer { sums in
                    // Proof: the ranges were checked; the places come from whoever counted them.
                    kernels.table.pointee.add_at(
                        places.baseAddress, values.baseAddress, firsts, ends, firsts.count, sums.baseAddress)
                }
            }
        }
    }

    /// Leaves the sums of a set's places as they are; the others become 0. O(count).
    /// - Precondition: the set is of as many places.
    package mutating func keep(_ set: ItemBitmap) {
        precondition(set.itemCount == sums.count, "a set of other places")
        set.words.withUnsafeBufferPointer { words in
            sums.withUnsafeMutableBufferPointer {
                kernels.table.pointee.keep($0.baseAddress, words.baseAddress, $0.count)
            }
        }
    }

    /// The largest sum, 0 if none is above. O(count).
    package var highest: Int16 {
        sums.withUnsafeBufferPointer { kernels.table.pointee.highest($0.baseAddress, $0.count) }
    }

    /// How many sums are `least` or more. O(count).
    package func count(from least: Int16) -> Int { count(of: sums, from: least) }

    private func count(of sums: [Int16], from least: Int16) -> Int {
        sums.withUnsafeBufferPointer { kernels.table.pointee.count_from($0.baseAddress, $0.count, least) }
    }

    /// A sum that at least `wanted` places reach, and few more; 1 where not so many are above 0. O(count).
    ///
    /// As many of the largest of every few sums reach it: the others are mostly not among the largest.
    package mutating func level(reachedBy wanted: Int) -> Int16 {
        sums.withUnsafeBufferPointer { sums in
            highestOfSome.withUnsafeMutableBufferPointer {
                kernels.table.pointee.strided_highest(sums.baseAddress, sums.count, $0.baseAddress)
            }
        }
        // Of fewer than four times as many the large ones would hide too many of each other.
        let isDense = highestOfSome.count >= 4 * wanted && count(of: highestOfSome, from: 1) >= 2 * wanted
        let searched = isDense ? highestOfSome : sums
        let highest = highestOfSome.withUnsafeBufferPointer {
            kernels.table.pointee.highest($0.baseAddress, $0.count)
        }
        var (low, high): (Int16, Int16) = (1, max(1, highest))
        while low < high {
            let middle = low + (high - low + 1) / 2
            let found = count(of: searched, from: middle)
            if found >= wanted { low = middle } else { high = middle - 1 }
            if found >= wanted, found <= wanted + wanted / 16 { break }
        }
        return low
    }

    /// Hands on the places whose sums lie in `least…most`, rising. O(count).
    package mutating func places(
        from least: Int16, through most: Int16, _ body: (UnsafeBufferPointer<Int32>) -> Void
    ) {
        found.withUnsafeMutableBufferPointer { found in
            let count = sums.withUnsafeBufferPointer {
                kernels.table.pointee.places_from($0.baseAddress, $0.count, least, most, found.baseAddress)
            }
            body(UnsafeBufferPointer(start: found.baseAddress, count: count))
        }
    }
}
