/// Writes Thrift's compact protocol; see ``CompactReader`` for the grammar.
struct CompactWriter {
    private(set) var bytes: [UInt8] = []
    private var lastID = 0

    init() {}

    private mutating func header(_ id: Int, _ type: CompactReader.WireType) {
        let delta = id - lastID
        if delta > 0, delta < 16 {
            bytes.append(UInt8(delta) << 4 | type.rawValue)
        } else {
            bytes.append(type.rawValue)
            bytes.append(zigzag: Int64(id))
        }
        lastID = id
    }

    mutating func field(_ id: Int, int32 value: Int32?) {
        guard let value else { return }
        header(id, .int32)
        bytes.append(zigzag: Int64(value))
    }

    mutating func field(_ id: Int, int16 value: Int16?) {
        guard let value else { return }
        header(id, .int16)
        bytes.append(zigzag: Int64(value))
    }

    mutating func field(_ id: Int, int64 value: Int64?) {
        guard let value else { return }
        header(id, .int64)
        bytes.append(zigzag: value)
    }

    mutating func field(_ id: Int, bool value: Bool?) {
        guard let value else { return }
        header(id, value ? .yes : .no)
    }

    mutating func field(_ id: Int, binary value: [UInt8]?) {
        guard let value else { return }
        header(id, .binary)
        append(value)
    }

    mutating func field(_ id: Int, string value: String?) {
        guard let value else { return }
        field(id, binary: Array(value.utf8))
    }

    mutating func field(_ id: Int, _ body: (inout CompactWriter) -> Void) {
        header(id, .structure)
        structure(body)
    }

    mutating func field<T>(_ id: Int, structures values: [T], _ body: (inout CompactWriter, T) -> Void) {
        list(id, .structure, count: values.count)
        for value in values { structure { body(&$0, value) } }
    }

    mutating func field(_ id: Int, int32s values: [Int32]) {
        list(id, .int32, count: values.count)
        for value in values { bytes.append(zigzag: Int64(value)) }
    }

    mutating func field(_ id: Int, int64s values: [Int64]) {
        list(id, .int64, count: values.count)
        for value in values { bytes.append(zigzag: value) }
    }

    mutating func field(_ id: Int, bools values: [Bool]) {
        list(id, .yes, count: values.count)
        for value in values { bytes.append(value ? 1 : 2) }
    }

    mutating func field(_ id: Int, binaries values: [[UInt8]]) {
        list(id, .binary, count: values.count)
        for value in values { append(value) }
    }

    /// The fields of a struct and its stop byte. The outermost struct of a message is written with this.
    mutating func structure(_ body: (inout CompactWriter) -> Void) {
        let outer = lastID
        lastID = 0
        body(&self)
        bytes.append(0)
        lastID = outer
    }

    private mutating func list(_ id: Int, _ type: CompactReader.WireType, count: Int) {
        header(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.rawValue)
        } else {
            bytes.append(0xF0 | type.rawValue)
            bytes.append(varint: UInt64(count))
        }
    }

    private mutating func append(_ value: [UInt8]) {
        bytes.append(varint: UInt64(value.count))
        bytes.append(contentsOf: value)
    }
}
