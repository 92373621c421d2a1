/// The form of a deletion vector: row positions in 64 bits as Roaring bitmaps, one for each value of the upper 32, in the
/// portable layout. Delta protocol, "Deletion Vector Format"; the bitmaps: RoaringFormatSpec.
///
///     magic: u32 = 1681511377 · bitmaps: i64 · for each: key: u32 · bitmap in the 32-bit layout
///
/// All numbers are little-endian. What a bitmap unfolds to is bounded by its bytes: a bit becomes one range at most.
enum RoaringBitmapArray {
    static let magic: UInt32 = 1_681_511_377
    private static let withoutRuns: UInt32 = 12346
    private static let withRuns: UInt32 = 12347
    /// With runs, fewer containers than this have no table of offsets.
    private static let fewContainers = 4
    /// A container with more values than this is a bitmap.
    private static let largestArray = 4096

    /// - Throws: `DecodingFault` for damage, and for a layout that is not known.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws -> DeletedRows {
        var cursor = ByteCursor(bytes)
        let magic = try cursor.load(UInt32.self)
        guard magic == self.magic else { throw DecodingFault.unsupported("deletion vectors of the layout \(magic)") }
        let count = try cursor.load(Int64.self)
        // A key and the shortest bitmap take twelve bytes.
        guard count >= 0, count <= cursor.remaining / 12 else {
            throw DecodingFault.malformed("\(count) bitmaps do not fit into its \(bytes.count) bytes")
        }
        var rows = DeletedRows()
        var lastKey: Int64 = -1
        for _ in 0..<count {
            let key = Int64(try cursor.load(UInt32.self))
            guard key > lastKey, key <= Int64(Int32.max) else {
                throw DecodingFault.malformed("its bitmaps are not in ascending order")
            }
            lastKey = key
            try bitmap(&cursor, base: key << 32, into: &rows)
        }
        guard cursor.remaining == 0 else {
            throw DecodingFault.malformed("\(cursor.remaining) bytes follow its last bitmap")
        }
        return rows
    }

    private static func bitmap(_ cursor: inout ByteCursor, base: Int64, into rows: inout DeletedRows) throws {
        let cookie = try cursor.load(UInt32.self)
        let count: Int
        var runFlags: [UInt8] = []
        if cookie & 0xFFFF == withRuns {
            count = Int(cookie >> 16) + 1
            runFlags = Array(try cursor.take((count + 7) / 8))
        } else if cookie == withoutRuns {
            count = Int(try cursor.load(UInt32.self))
        } else {
            throw DecodingFault.malformed("a bitmap begins with \(cookie)")
        }
        guard count <= 1 << 16 else { throw DecodingFault.malformed("a bitmap of \(count) containers") }
        var headers = ByteCursor(try cursor.take(count * 4))
        // Containers follow each other; their offsets are of no use to who reads all.
        if runFlags.isEmpty || count >= fewContainers { _ = try cursor.take(count * 4) }
        var lastKey = -1
        for index in 0..<count {
            let key = Int(try headers.load(UInt16.self))
            let cardinality = Int(try headers.load(UInt16.self)) + 1
            guard key > lastKey else { throw DecodingFault.malformed("its containers are not in ascending order") }
            lastKey = key
            let start = base + Int64(key) << 16
            let before = rows.count
            if !runFlags.isEmpty, runFlags[index / 8] >> UInt8(index % 8) & 1 == 1 {
                try runs(&cursor, start, into: &rows)
            } else if cardinality <= largestArray {
                var values = ByteCursor(try cursor.take(cardinality * 2))
                for _ in 0..<cardinality {
                    let row = start + Int64(try values.load(UInt16.self))
                    try rows.append(row..<row + 1)
                }
            } else {
                try bits(cursor.take(1 << 13), start, into: &rows)
            }
            guard rows.count - before == Int64(cardinality) else {
                throw DecodingFault.malformed(
                    "a container has \(rows.count - before) rows, its header states \(cardinality)")
            }
        }
    }

    private static func runs(_ cursor: inout ByteCursor, _ start: Int64, into rows: inout DeletedRows) throws {
        let count = Int(try cursor.load(UInt16.self))
        var runs = ByteCursor(try cursor.take(count * 4))
        for _ in 0..<count {
            let first = Int64(try runs.load(UInt16.self))
            let length = Int64(try runs.load(UInt16.self)) + 1
            guard first + length <= 1 << 16 else { throw DecodingFault.malformed("a run passes its container") }
            try rows.append(start + first..<start + first + length)
        }
    }

    private static func bits(_ bytes: UnsafeRawBufferPointer, _ start: Int64, into rows: inout DeletedRows) throws {
        var cursor = ByteCursor(bytes)
        for word in 0..<Int64(1 << 10) {
            var bits = try cursor.load(UInt64.self)
            let first = start + word * 64
            while bits != 0 {
                let skip = bits.trailingZeroBitCount
                let length = (~(bits >> UInt64(skip))).trailingZeroBitCount
                try rows.append(first + Int64(skip)..<first + Int64(skip + length))
                if skip + length >= 64 { break }
                bits &= ~UInt64(0) << UInt64(skip + length)
            }
        }
    }
}
