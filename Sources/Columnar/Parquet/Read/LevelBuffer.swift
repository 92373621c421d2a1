/// The levels of a chunk, page by page. As long as every level is the maximum, only their number is kept.
struct LevelBuffer {
    let maximum: UInt8
    private(set) var levels: [UInt8] = []
    private(set) var count = 0
    private(set) var isUniform = true

    init(maximum: Int) { self.maximum = UInt8(maximum) }

    /// Decodes `entries` levels of the hybrid.
    /// - Returns: how many of them are the maximum.
    mutating func append(_ cursor: inout ByteCursor, entries: Int) throws -> Int {
        let width = BitPacking.width(of: UInt64(maximum))
        if isUniform, entries > 0,
            try Hybrid.isOneRun(cursor, width: width, of: UInt64(maximum), count: entries)
        {
            count += entries
            return entries
        }
        if isUniform {
            levels = [UInt8](repeating: maximum, count: count)
            isUniform = false
        }
        let start = levels.count
        levels.append(contentsOf: repeatElement(0, count: entries))
        try levels.withUnsafeMutableBufferPointer {
            try Hybrid.decode(&cursor, width: width, into: UnsafeMutableBufferPointer(rebasing: $0[start...]))
        }
        count += entries
        var present = 0
        for i in start..<levels.count {
            guard levels[i] <= maximum else { throw DecodingFault.malformed("a level passes its maximum") }
            if levels[i] == maximum { present += 1 }
        }
        return present
    }
}
