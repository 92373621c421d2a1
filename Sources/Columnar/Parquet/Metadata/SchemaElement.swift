/// One node of a file's schema, as the footer lists them depth first.
struct SchemaElement: Sendable {
    /// Nil of a group, and of a column of a type that is not known here.
    var physical: PhysicalType?
    /// The number of the latter.
    var unknownPhysical: Int32?
    var typeLength: Int32?
    var repetition: Repetition?
    var name = ""
    var childCount: Int32?
    var converted: Int32?
    /// Of the old annotation DECIMAL.
    var scale: Int32?
    var precision: Int32?
    /// A number that the writer gave it; table formats tell columns by it.
    var fieldID: Int32?
    var logical: LogicalType?

    /// Whether it holds values.
    var isLeaf: Bool { physical != nil || unknownPhysical != nil }

    init(name: String) { self.name = name }

    init(_ reader: inout CompactReader) throws {
        // The one field that every node has: that it takes bytes bounds how many nodes a footer can claim.
        var isNamed = false
        try reader.structure { reader, id, type in
            switch id {
            case 1:
                let raw = try reader.int32(type)
                physical = PhysicalType(rawValue: raw)
                unknownPhysical = physical == nil ? raw : nil
            case 2: typeLength = try reader.int32(type)
            case 3:
                guard let known = Repetition(rawValue: try reader.int32(type)) else {
                    throw DecodingFault.malformed("its schema has an unknown repetition")
                }
                repetition = known
            case 4:
                isNamed = true
                name = try reader.string(type)
            case 5: childCount = try reader.int32(type)
            case 6: converted = try reader.int32(type)
            case 7: scale = try reader.int32(type)
            case 8: precision = try reader.int32(type)
            case 9: fieldID = try reader.int32(type)
            case 10: logical = try LogicalType(&reader, type)
            default: try reader.skip(type)
            }
        }
        guard isNamed else { throw DecodingFault.malformed("a node of its schema has no name") }
    }

    func write(_ writer: inout CompactWriter) {
        writer.field(1, int32: physical?.rawValue)
        writer.field(2, int32: typeLength)
        writer.field(3, int32: repetition?.rawValue)
        writer.field(4, string: name)
        writer.field(5, int32: childCount)
        writer.field(6, int32: converted)
        writer.field(9, int32: fieldID)
        if let logical { writer.field(10) { logical.write(&$0) } }
    }
}

extension LogicalType {
    init(_ reader: inout CompactReader, _ type: CompactReader.WireType) throws {
        guard type == .structure else { throw DecodingFault.malformed("its schema has no logical type") }
        var found: LogicalType?
        try reader.structure { reader, id, type in
            guard type == .structure else { return try reader.skip(type) }
            switch id {
            case 7, 8:
                var utc = false
                var unit: Unit?
                try reader.structure { reader, id, type in
                    switch id {
                    case 1: utc = try reader.bool(type)
                    case 2:
                        guard type == .structure else { return try reader.skip(type) }
                        try reader.structure { reader, id, type in
                            unit = Unit(rawValue: id)
                            try reader.skip(type)
                        }
                    default: try reader.skip(type)
                    }
                }
                found = unit.map { id == 8 ? .timestamp(utc: utc, $0) : .time(utc: utc, $0) } ?? .other(id)
            case 5:
                var (precision, scale) = (0, 0)
                try reader.structure { reader, id, type in
                    switch id {
                    case 1: scale = Int(try reader.int(type))
                    case 2: precision = Int(try reader.int(type))
                    default: try reader.skip(type)
                    }
                }
                found = .decimal(precision: precision, scale: scale)
            case 10:
                var width = 0
                var signed = true
                try reader.structure { reader, id, type in
                    switch id {
                    case 1: width = Int(try reader.int(type))
                    case 2: signed = try reader.bool(type)
                    default: try reader.skip(type)
                    }
                }
                found = .integer(width: width, signed: signed)
            default:
                try reader.skip(type)
                switch id {
                case 1: found = .string
                case 2: found = .map
                case 3: found = .list
                case 4: found = .enumeration
                case 6: found = .date
                case 11: found = .null
                case 12: found = .json
                case 13: found = .bson
                case 14: found = .uuid
                case 15: found = .float16
                default: found = .other(id)
                }
            }
        }
        self = found ?? .other(0)
    }

    func write(_ writer: inout CompactWriter) {
        switch self {
        case .string: writer.field(1) { _ in }
        case .map: writer.field(2) { _ in }
        case .list: writer.field(3) { _ in }
        case .enumeration: writer.field(4) { _ in }
        case .date: writer.field(6) { _ in }
        case .timestamp(let utc, let unit):
            writer.field(8) {
                $0.field(1, bool: utc)
                $0.field(2) { $0.field(unit.rawValue) { _ in } }
            }
        // The writer makes no columns of the other types.
        case .json, .bson, .uuid, .float16, .null, .time, .integer, .decimal, .other: break
        }
    }
}
