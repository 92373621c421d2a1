/// Writes one after the other into room that was made at once: growing an array costs a check and a call for each of
/// the fifteen pieces of a message.
///
/// Every write is checked against the room. It must not outlive the closure it is lent to.
struct ByteWriter {
    private var next: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>

    /// - Precondition: the room has a base address.
    fileprivate init(_ room: UnsafeMutableBufferPointer<UInt8>) {
        next = room.baseAddress!
        end = next + room.count
    }

    fileprivate var room: Int { end - next }

    @inline(__always)
    mutating func write(_ byte: UInt8) {
        precondition(next < end)
        next.pointee = byte
        next += 1
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= room)
        guard let source = bytes.baseAddress else { return }
        next.update(from: source, count: bytes.count)
        next += bytes.count
    }

    @inline(__always)
    mutating func write(_ text: StaticString) {
        write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number of at least 0 in `radix`, which is at most 36.
    @inline(__always)
    mutating func write(_ number: Int, radix: Int = 10) {
        var (length, power) = (1, radix)
        while number >= power, length < 12 { (length, power) = (length + 1, power &* radix) }
        guard number < power else { return write(longer: number, radix) }
        precondition(length <= room)
        var rest = number
        for place in stride(from: length - 1, through: 0, by: -1) {
            next[place] = Self.digit(rest % radix)
            rest /= radix
        }
        next += length
    }

    /// For numbers whose power of the radix may not be one any more.
    private mutating func write(longer number: Int, _ radix: Int) {
        write(number / radix, radix: radix)
        write(Self.digit(number % radix))
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 10 ? 48 + value : 87 + value) }

    /// Lends the rest of the room to `body`, which returns how many bytes it wrote.
    @inline(__always)
    mutating func write(with body: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        let written = body(UnsafeMutableBufferPointer(start: next, count: room))
        precondition((0...room).contains(written))
        next += written
    }
}

extension [UInt8] {
    /// Appends what `body` writes, which is at most `most` bytes.
    @inline(__always)
    mutating func append(atMost most: Int, _ body: (inout ByteWriter) -> Void) {
        append(contentsOf: repeatElement(0, count: most))
        let unused = withUnsafeMutableBufferPointer { bytes in
            var writer = ByteWriter(UnsafeMutableBufferPointer(rebasing: bytes[(bytes.count - most)...]))
            body(&writer)
            return writer.room
        }
        removeLast(unused)
    }
}
