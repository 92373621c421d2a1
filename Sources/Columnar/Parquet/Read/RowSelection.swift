/// Some of the rows of a row group: ascending ranges that do not touch.
struct RowSelection: Hashable {
    private(set) var ranges: [Range<Int>] = []
    /// How many rows they are.
    private(set) var count = 0

    init() {}

    /// All of `count` rows.
    init(all count: Int) { append(0..<count) }

    var isEmpty: Bool { ranges.isEmpty }

    /// - Precondition: `range` begins behind what is there.
    mutating func append(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        if let last = ranges.last, last.upperBound >= range.lowerBound {
            precondition(last.upperBound == range.lowerBound, "in order")
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            ranges.append(range)
        }
        count += range.count
    }

    mutating func reserveCapacity(_ ranges: Int) { self.ranges.reserveCapacity(ranges) }

    /// The rows that both have.
    func intersection(_ other: RowSelection) -> RowSelection {
        var result = RowSelection()
        var (mine, theirs) = (0, 0)
        while mine < ranges.count, theirs < other.ranges.count {
            let (a, b) = (ranges[mine], other.ranges[theirs])
            let low = max(a.lowerBound, b.lowerBound)
            let high = min(a.upperBound, b.upperBound)
            if low < high { result.append(low..<high) }
            if a.upperBound < b.upperBound { mine += 1 } else { theirs += 1 }
        }
        return result
    }

    func intersects(_ range: Range<Int>) -> Bool {
        // The first of them that ends behind its start.
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].overlaps(range)
    }

    /// Whether its ranges are so short that they cost more to copy than their rows one by one.
    var isScattered: Bool { ranges.count > count / 4 }

    /// The selected rows of a column that has those of `present`.
    func gathered(from column: Column, _ present: RowSelection) -> Column {
        isScattered ? column.gathered(positions(in: present)) : column.gathered(ranges(in: present))
    }

    /// The ranges of the selected rows among those of `present`, which has them all.
    private func ranges(in present: RowSelection) -> [Range<Int>] {
        if present.ranges.count == 1, present.ranges[0].lowerBound == 0 { return ranges }
        var result: [Range<Int>] = []
        result.reserveCapacity(ranges.count)
        var (before, next) = (0, 0)
        for range in present.ranges {
            while next < ranges.count, ranges[next].lowerBound < range.upperBound {
                let shift = before - range.lowerBound
                result.append(ranges[next].lowerBound + shift..<ranges[next].upperBound + shift)
                next += 1
            }
            before += range.count
        }
        return result
    }

    /// The positions of the selected rows among those of `present`, which has them all.
    func positions(in present: RowSelection) -> [Int32] {
        var positions: [Int32] = []
        positions.reserveCapacity(count)
        var before = 0
        var next = 0
        for range in present.ranges {
            while next < ranges.count, ranges[next].lowerBound < range.upperBound {
                for row in ranges[next] { positions.append(Int32(before + row - range.lowerBound)) }
                next += 1
            }
            before += range.count
        }
        return positions
    }
}
