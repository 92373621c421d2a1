/// Positions of rows, in the order they are written, and which of them stand together: those are copied, compared and encoded as ranges.
struct RowPositions: Sendable {
    /// A stretch of ``values`` that are neighbours in the column too, or that are not worth being treated so.
    struct Part: Sendable {
        var range: Range<Int>
        var areNeighbours: Bool
    }

    let values: [Int32]
    /// All of ``values``, in order.
    let parts: [Part]
    /// Shorter stretches are not worth a call of an encoder.
    private static let shortest = 16

    var count: Int { values.count }

    init(_ values: [Int32]) {
        self.values = values
        var parts: [Part] = []
        var loose = 0
        var start = 0
        while start < values.count {
            var end = start + 1
            while end < values.count, values[end] == values[end - 1] + 1 { end += 1 }
            if end - start >= Self.shortest {
                if loose < start { parts.append(Part(range: loose..<start, areNeighbours: false)) }
                parts.append(Part(range: start..<end, areNeighbours: true))
                loose = end
            }
            start = end
        }
        if loose < values.count { parts.append(Part(range: loose..<values.count, areNeighbours: false)) }
        self.parts = parts
    }
}
