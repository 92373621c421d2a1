import Domain

/// Hive-style folders: `column=value/`, percent-encoded on disk and then once more in the log's paths.
enum PartitionPath {
    private static let nullFolder = "__HIVE_DEFAULT_PARTITION__"

    /// The folder of a file, relative to the table, without a slash at the end. Empty without partition columns.
    static func folder(_ columns: [String], _ values: [String: String?]) -> String {
        columns.map { column in
            let value = (values[column] ?? nil) ?? ""
            return encode(column) + "=" + (value.isEmpty ? nullFolder : encode(value))
        }.joined(separator: "/")
    }

    /// All but RFC 3986's unreserved characters.
    static func encode(_ text: String, keeping kept: String = "") -> String {
        var result: [UInt8] = []
        let hex = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                result.append(byte)
            default:
                if kept.utf8.contains(byte) {
                    result.append(byte)
                } else {
                    result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
                }
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The path of a stored name as the log has it.
    static func logPath(of name: String) -> String { encode(name, keeping: "/=") }

    /// The stored name of a path of the log.
    /// - Throws: if the path leads out of the table: such tables share files with others.
    static func name(ofLogPath path: String) throws -> String {
        var bytes: [UInt8] = []
        var rest = path.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        let name = String(decoding: bytes, as: UTF8.self)
        guard !name.hasPrefix("/"), !path.contains("://"), !name.split(separator: "/").contains("..") else {
            throw DecodingFault.unsupported("data files outside of the table (\(path))")
        }
        return name
    }

    /// The text of a value in `partitionValues`; nil for null. An empty string is null there too.
    static func text(of value: Value) throws -> String? {
        switch value {
        case .null: nil
        case .bool(let v): v ? "true" : "false"
        case .int(let v): String(v)
        case .float(let v): "\(v)"
        case .double(let v): "\(v)"
        case .string(let v): v.isEmpty ? nil : v
        case .date(let v): v.description
        case .timestamp(let v): v.description
        case .binary, .localTimestamp, .list, .map, .structure:
            throw ColumnarError.schemaMismatch(reason: "a partition column cannot be of this type")
        }
    }

    static func value(of text: String?, _ type: ColumnType) throws -> Value {
        guard let text, !text.isEmpty else { return .null }
        let value: Value? =
            switch type {
            case .bool: text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
            case .int32, .int64: Int64(text).map { .int($0) }
            case .float: Float(text).map { .float($0) }
            case .double: Double(text).map { .double($0) }
            case .string: .string(text)
            case .date: CalendarDate(text).map { .date($0) }
            case .timestamp: (Timestamp(text) ?? Timestamp(text + "Z")).map { .timestamp($0) }
            default: nil
            }
        guard let value else { throw DecodingFault.malformed("\(text) is no partition value of type \(type)") }
        return value
    }
}
