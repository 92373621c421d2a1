/// The distinct values of a chunk in the order they came, found again by open addressing.
///
/// A struct with one call for a run of values, not a class with one for each: inside a mutating method nothing is
/// checked for exclusive access, which cost a third of the time of writing.
struct PrimitiveDictionary<T: FixedWidthValue> {
    private(set) var values: [T] = []
    /// Index of a value, −1 where the slot is free; a power of two, at most half full. ``patterns`` lies beside it.
    private var indices: [Int32] = []
    private var patterns: [UInt64] = []
    /// Random, or whoever chooses the values could make them collide. The file does not depend on it.
    private let seed = UInt64.random(in: .min ... .max)

    var count: Int { values.count }

    /// Appends the index of each value of `source` to `output`.
    mutating func append(_ source: UnsafeBufferPointer<T>, to output: inout [Int32]) {
        makeRoom(for: source.count)
        let mask = indices.count - 1
        let seed = seed
        var values = values
        self.values = []
        indices.withUnsafeMutableBufferPointer { indices in
            patterns.withUnsafeMutableBufferPointer { patterns in
                output.append(addingCapacity: source.count) { (output: inout OutputSpan<Int32>) in
                    for value in source {
                        let pattern = value.pattern
                        var slot = Self.slot(pattern, seed) & mask
                        while indices[slot] >= 0, patterns[slot] != pattern { slot = (slot + 1) & mask }
                        if indices[slot] < 0 {
                            indices[slot] = Int32(truncatingIfNeeded: values.count)
                            patterns[slot] = pattern
                            values.append(value)
                        }
                        output.append(indices[slot])
                    }
                }
            }
        }
        self.values = values
    }

    mutating func removeAll() {
        values = []
        indices = []
        patterns = []
    }

    @inline(__always)
    private static func slot(_ pattern: UInt64, _ seed: UInt64) -> Int {
        let (high, low) = (pattern ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: high ^ low)
    }

    /// Even if `more` values are all new, the table stays at most half full.
    private mutating func makeRoom(for more: Int) {
        let needed = (values.count + more) * 2
        guard needed > indices.count else { return }
        var size = 4096
        while size < needed { size *= 2 }
        indices = [Int32](repeating: -1, count: size)
        patterns = [UInt64](repeating: 0, count: size)
        for (index, value) in values.enumerated() {
            var slot = Self.slot(value.pattern, seed) & (size - 1)
            while indices[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            indices[slot] = Int32(index)
            patterns[slot] = value.pattern
        }
    }
}
