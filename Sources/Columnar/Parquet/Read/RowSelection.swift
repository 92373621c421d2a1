/// Some of the rows of a row group: ascending ranges that do not touch.
struct RowSelection: Hashable {
    private(set) var ranges: [Range<Int>] = []

    init() {}

    /// All of `count` rows.
    init(all count: Int) { append(0..<count) }

    var count: Int { ranges.reduce(0) { $0 + $1.count } }
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
    }

    func intersects(_ range: Range<Int>) -> Bool { ranges.contains { $0.overlaps(range) } }

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
