extension DeletedRows {
    /// The rows of a file of `rowCount` that these are not.
    func complement(of rowCount: Int64) throws -> DeletedRows {
        var rest = DeletedRows()
        var next: Int64 = 0
        for range in ranges where range.lowerBound < rowCount {
            if range.lowerBound > next { try rest.append(next..<range.lowerBound) }
            next = range.upperBound
        }
        if next < rowCount { try rest.append(next..<rowCount) }
        return rest
    }

    /// The rows that either has.
    func union(_ other: DeletedRows) throws -> DeletedRows {
        var all = DeletedRows()
        var (mine, theirs) = (ranges[...], other.ranges[...])
        var pending: Range<Int64>?
        while let next = Self.takeFirst(&mine, &theirs) {
            guard let last = pending else {
                pending = next
                continue
            }
            if next.lowerBound <= last.upperBound {
                pending = last.lowerBound..<max(last.upperBound, next.upperBound)
            } else {
                try all.append(last)
                pending = next
            }
        }
        if let pending { try all.append(pending) }
        return all
    }

    private static func takeFirst(
        _ a: inout ArraySlice<Range<Int64>>, _ b: inout ArraySlice<Range<Int64>>
    ) -> Range<Int64>? {
        guard let first = a.first else { return b.popFirst() }
        guard let second = b.first else { return a.popFirst() }
        return first.lowerBound <= second.lowerBound ? a.popFirst() : b.popFirst()
    }
}
