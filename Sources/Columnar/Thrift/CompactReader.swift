/// Reads Thrift's compact protocol, as Parquet's footers and page headers are written.
///
/// struct: field headers (delta of id << 4 | type; delta 0: zigzag id follows), stop byte 0.
/// list: size << 4 | element type; size 15: varint size follows. A bool field has its value in its header.
struct CompactReader {
    var cursor: ByteCursor
    private var depth = 0
    private static let maximumDepth = 32

    init(_ bytes: UnsafeRawBufferPointer) { cursor = ByteCursor(bytes) }

    enum WireType: UInt8 {
        case yes = 1, no, byte, int16, int32, int64, double, binary, list, set, map, structure
    }

    /// Calls `field` for each field of a struct; it must read the value or call ``skip(_:)``.
    mutating func structure(_ field: (inout CompactReader, Int, WireType) throws -> Void) throws {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw DecodingFault.malformed("its metadata is nested too deeply") }
        var id = 0
        while true {
            let header = try cursor.byte()
            if header == 0 { return }
            let delta = Int(header >> 4)
            id = delta == 0 ? Int(truncatingIfNeeded: try cursor.zigzag()) : id + delta
            guard let type = WireType(rawValue: header & 0x0F) else {
                throw DecodingFault.malformed("its metadata has an unknown wire type \(header & 0x0F)")
            }
            try field(&self, id, type)
        }
    }

    mutating func int(_ type: WireType) throws -> Int64 {
        switch type {
        case .byte: Int64(Int8(bitPattern: try cursor.byte()))
        case .int16, .int32, .int64: try cursor.zigzag()
        default: throw DecodingFault.malformed("its metadata has \(type) where a number belongs")
        }
    }

    mutating func int32(_ type: WireType) throws -> Int32 {
        guard let value = Int32(exactly: try int(type)) else {
            throw DecodingFault.malformed("a number of its metadata is out of range")
        }
        return value
    }

    func bool(_ type: WireType) throws -> Bool {
        switch type {
        case .yes: true
        case .no: false
        default: throw DecodingFault.malformed("its metadata has \(type) where a truth value belongs")
        }
    }

    mutating func binary(_ type: WireType) throws -> [UInt8] {
        guard type == .binary else {
            throw DecodingFault.malformed("its metadata has \(type) where bytes belong")
        }
        let count = try cursor.count(limit: cursor.remaining)
        return Array(try cursor.take(count))
    }

    mutating func string(_ type: WireType) throws -> String { String(decoding: try binary(type), as: UTF8.self) }

    /// Reads a list element by element. Elements take at least one byte, which bounds the size.
    mutating func list<T>(
        _ type: WireType, _ element: (inout CompactReader, WireType) throws -> T
    ) throws -> [T] {
        guard type == .list || type == .set else {
            throw DecodingFault.malformed("its metadata has \(type) where a list belongs")
        }
        let (count, elementType) = try listHeader()
        var result: [T] = []
        result.reserveCapacity(min(count, 4096))
        for _ in 0..<count { result.append(try element(&self, elementType)) }
        return result
    }

    /// Bools in a list are a byte each: 1 is true, 2 (or 0) false; their type is labelled 1 or 2.
    mutating func boolList(_ type: WireType) throws -> [Bool] {
        try list(type) { reader, _ in try reader.cursor.byte() == 1 }
    }

    private mutating func listHeader() throws -> (Int, WireType) {
        let header = try cursor.byte()
        let count = header >> 4 == 15 ? try cursor.count(limit: cursor.remaining) : Int(header >> 4)
        guard count <= cursor.remaining else { throw DecodingFault.malformed("a list passes the end") }
        guard let type = WireType(rawValue: header & 0x0F) else {
            throw DecodingFault.malformed("its metadata has an unknown wire type \(header & 0x0F)")
        }
        return (count, type)
    }

    /// Steps over a value of any type.
    mutating func skip(_ type: WireType) throws {
        switch type {
        case .yes, .no: break
        case .byte: _ = try cursor.byte()
        case .int16, .int32, .int64: _ = try cursor.varint()
        case .double: _ = try cursor.take(8)
        case .binary: _ = try cursor.take(try cursor.count(limit: cursor.remaining))
        case .structure: try structure { reader, _, type in try reader.skip(type) }
        case .list, .set:
            let (count, element) = try listHeader()
            try deeper { reader in for _ in 0..<count { try reader.skipElement(element) } }
        case .map:
            let count = try cursor.count(limit: cursor.remaining)
            guard count > 0 else { return }
            let types = try cursor.byte()
            guard let key = WireType(rawValue: types >> 4), let value = WireType(rawValue: types & 0x0F) else {
                throw DecodingFault.malformed("its metadata has an unknown wire type")
            }
            try deeper { reader in
                for _ in 0..<count {
                    try reader.skipElement(key)
                    try reader.skipElement(value)
                }
            }
        }
    }

    private mutating func skipElement(_ type: WireType) throws {
        if type == .yes || type == .no { _ = try cursor.byte() } else { try skip(type) }
    }

    private mutating func deeper(_ body: (inout CompactReader) throws -> Void) throws {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw DecodingFault.malformed("its metadata is nested too deeply") }
        try body(&self)
    }
}
