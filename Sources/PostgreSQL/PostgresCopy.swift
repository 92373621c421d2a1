internal import CPostgres
public import Domain

/// Rows on their way into a table, in COPY's binary form (PostgreSQL's manual, COPY, "Binary Format"):
///
///     header  "PGCOPY\n\377\r\n\0", int32 flags = 0, int32 length of extension = 0
///     row     int16 fields, then for each field int32 length (-1: null) and its bytes
///     trailer int16 -1
///
/// All integers are big-endian. A value must have exactly the form of its column's type: `bigint` 8 bytes,
/// `double precision` 8, `timestamptz` microseconds since 2000; the server refuses other lengths, but takes 8 bytes of
/// anything for a number.
public struct PostgresCopy {
    private let handle: OpaquePointer
    private var buffer: [UInt8] = []
    /// Rows so far.
    public private(set) var count = 0
    private static let chunk = 1 << 18
    /// From 1970 to 2000.
    private static let epoch: Int64 = 946_684_800_000_000

    init(_ handle: OpaquePointer) {
        self.handle = handle
        buffer.reserveCapacity(Self.chunk + 4096)
        buffer += Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0]
        append(Int32(0))
        append(Int32(0))
    }

    /// Begins a row of so many fields, which follow.
    public mutating func row(fields: Int) {
        if buffer.count >= Self.chunk { send() }
        append(Int16(fields))
        count += 1
    }

    /// For a column of any type.
    public mutating func null() { append(Int32(-1)) }

    /// For `bigint`.
    public mutating func bigint(_ value: Int64) {
        append(Int32(8))
        append(value)
    }

    /// For `double precision`.
    public mutating func double(_ value: Double) {
        append(Int32(8))
        append(Int64(bitPattern: value.bitPattern))
    }

    /// For `timestamptz`.
    public mutating func timestamp(_ value: Timestamp) {
        append(Int32(8))
        append(value.microseconds - Self.epoch)
    }

    /// For `text`, which cannot hold a NUL: U+FFFD stands in its place.
    public mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { text(utf8: $0) }
    }

    /// The same of bytes that are UTF-8.
    public mutating func text(utf8 bytes: some Collection<UInt8>) {
        guard bytes.contains(0) else { return raw(bytes) }
        raw(bytes.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] })
    }

    /// For `bytea`.
    public mutating func bytes(_ value: some Collection<UInt8>) { raw(value) }

    /// For `jsonb`: JSON in UTF-8. The type refuses the escape `\u0000`: that of U+FFFD stands in its place.
    public mutating func jsonb(_ json: [UInt8]) {
        let json = Self.withoutNULs(json)
        append(Int32(json.count + 1))
        buffer.append(1)
        buffer += json
    }

    private static func withoutNULs(_ json: [UInt8]) -> [UInt8] {
        let (backslash, escape) = (UInt8(ascii: "\\"), Array("u0000".utf8))
        guard json.contains(backslash) else { return json }
        var json = json
        var place = 0
        while place < json.count {
            guard json[place] == backslash else {
                place += 1
                continue
            }
            if json[(place + 1)...].starts(with: escape) {
                json.replaceSubrange((place + 1)..<(place + 1 + escape.count), with: Array("ufffd".utf8))
            }
            // What is escaped may be a backslash.
            place += 2
        }
        return json
    }

    /// For `text[]`, of one dimension.
    public mutating func texts(_ values: [String]) {
        // int32 dimensions, flags, type of the elements; for each dimension int32 size, lower bound; the elements.
        var array = PostgresCopy(elementsFor: handle)
        for value in values { array.text(value) }
        append(Int32(values.isEmpty ? 12 : 20 + array.buffer.count))
        append(Int32(values.isEmpty ? 0 : 1))
        append(Int32(0))
        append(Self.textType)
        guard !values.isEmpty else { return }
        append(Int32(values.count))
        append(Int32(1))
        buffer += array.buffer
    }

    /// The object identifier of `text`, the same in every database.
    private static let textType: Int32 = 25

    private init(elementsFor handle: OpaquePointer) { self.handle = handle }

    private mutating func raw(_ bytes: some Collection<UInt8>) {
        append(Int32(bytes.count))
        buffer += bytes
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { buffer += $0 }
    }

    /// Hands on what is collected. What goes wrong is said when the copy ends.
    private mutating func send() {
        buffer.withUnsafeBytes {
            _ = PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
        }
        buffer.removeAll(keepingCapacity: true)
    }

    mutating func finish() {
        append(Int16(-1))
        send()
    }
}
