/// A place in Avro's binary form. Every step checks the bounds, so no input can move it outside the message.
struct AvroCursor {
    private(set) var position: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    static let deepest = 64

    /// - Precondition: the bytes are not empty.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        position = bytes.baseAddress!
        end = position + bytes.count
    }

    var remaining: Int { end - position }

    /// A variable-length zigzag number: seven bits a byte, the lowest first.
    @inline(__always)
    mutating func long() throws(RejectReason) -> Int64 {
        guard position < end else { throw .malformedAvro }
        let first = position.pointee
        guard first >= 0x80 else {
            position += 1
            return Int64(first >> 1) ^ -Int64(first & 1)
        }
        return try longerLong()
    }

    private mutating func longerLong() throws(RejectReason) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < end {
            let byte = position.pointee
            position += 1
            // The tenth byte has room for one bit.
            if shift == 63, byte > 1 { throw .malformedAvro }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
        throw .malformedAvro
    }

    mutating func int() throws(RejectReason) -> Int32 {
        guard let value = Int32(exactly: try long()) else { throw .malformedAvro }
        return value
    }

    mutating func float() throws(RejectReason) -> Float {
        let bits = try bytes(4).loadUnaligned(as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
    }

    mutating func double() throws(RejectReason) -> Double {
        let bits = try bytes(8).loadUnaligned(as: UInt64.self)
        return Double(bitPattern: UInt64(littleEndian: bits))
    }

    /// A string that is UTF-8, in place.
    @inline(__always)
    mutating func text() throws(RejectReason) -> UnsafeBufferPointer<UInt8> {
        let count = try long()
        guard count >= 0, count <= remaining else { throw .malformedAvro }
        let slice = UnsafeBufferPointer(start: position, count: Int(count))
        position += Int(count)
        var seen: UInt8 = 0
        for byte in slice { seen |= byte }
        if seen >= 0x80, !isUTF8(slice) { throw .invalidUTF8 }
        return slice
    }

    private mutating func bytes(_ count: Int) throws(RejectReason) -> UnsafeRawPointer {
        guard count >= 0, count <= remaining else { throw .malformedAvro }
        defer { position += count }
        return UnsafeRawPointer(position)
    }

    private mutating func skipBytes() throws(RejectReason) {
        let count = try long()
        guard count <= remaining else { throw .malformedAvro }
        _ = try bytes(Int(count))
    }

    /// Passes one value of any type. Texts that nobody reads may be of any bytes.
    mutating func skip(_ index: Int, of schema: borrowing AvroNodes, depth: Int = 1) throws(RejectReason) {
        let node = schema.nodes[index]
        if node.isEmpty { return }
        guard depth <= Self.deepest else { throw .tooDeep }
        switch node.kind {
        case .null: return
        case .boolean:
            guard position < end, position.pointee <= 1 else { throw .malformedAvro }
            position += 1
        case .int: _ = try int()
        case .long: _ = try long()
        case .enumeration:
            let symbol = try long()
            guard symbol >= 0, symbol < node.count else { throw .malformedAvro }
        case .float: _ = try bytes(4)
        case .double: _ = try bytes(8)
        case .string, .bytes: try skipBytes()
        case .fixed: _ = try bytes(Int(node.count))
        case .union:
            let branch = try long()
            guard branch >= 0, branch < node.count else { throw .malformedAvro }
            try skip(schema.part(Int(branch), of: node), of: schema, depth: depth + 1)
        case .record:
            for i in 0..<Int(node.count) { try skip(schema.part(i, of: node), of: schema, depth: depth + 1) }
        case .array, .map: try skipBlocks(node, of: schema, depth: depth)
        }
    }

    /// Arrays and maps: blocks of a count and so many items, until a count of 0. A negative count is followed by the
    /// block's size, so that it can be passed as a whole; its items are looked at all the same.
    private mutating func skipBlocks(
        _ node: AvroSchema.Node, of schema: borrowing AvroNodes, depth: Int
    ) throws(RejectReason) {
        let item = schema.part(0, of: node)
        while true {
            var count = try long()
            if count == 0 { return }
            var limit: UnsafePointer<UInt8>?
            if count < 0 {
                guard count > .min else { throw .malformedAvro }
                count = -count
                let size = try long()
                guard size >= 0, size <= remaining else { throw .malformedAvro }
                limit = position + Int(size)
            }
            if node.kind == .map || !schema.nodes[item].isEmpty {
                // An item takes a byte at least.
                guard count <= remaining else { throw .malformedAvro }
                for _ in 0..<count {
                    if node.kind == .map { try skipBytes() }
                    try skip(item, of: schema, depth: depth + 1)
                }
            }
            if let limit, limit != position { throw .malformedAvro }
        }
    }
}

/// The part of a schema that passing values needs, in memory of its own.
///
/// `@unchecked Sendable`: the buffers are filled in `init` and only read afterwards.
final class AvroNodes: @unchecked Sendable {
    let nodes: UnsafeBufferPointer<AvroSchema.Node>
    private let parts: UnsafeBufferPointer<Int32>

    init(_ schema: AvroSchema) {
        nodes = Self.copy(schema.nodes)
        parts = Self.copy(schema.parts)
    }

    deinit {
        nodes.deallocate()
        parts.deallocate()
    }

    @inline(__always)
    func part(_ index: Int, of node: AvroSchema.Node) -> Int { Int(parts[Int(node.first) + index]) }

    private static func copy<T: BitwiseCopyable>(_ values: [T]) -> UnsafeBufferPointer<T> {
        let buffer = UnsafeMutableBufferPointer<T>.allocate(capacity: values.count)
        _ = buffer.initialize(from: values)
        return UnsafeBufferPointer(buffer)
    }
}
