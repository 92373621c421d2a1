/// Which annotations make which of our types. Writers state the old annotation, the new one, or both.
enum LeafTypes {
    static func type(
        of element: SchemaElement, _ physical: PhysicalType
    ) throws -> (ColumnType, Leaf.Conversion) {
        switch physical {
        case .boolean: return (.bool, .none)
        case .float: return (.float, .none)
        case .double: return (.double, .none)
        case .int96: return (.timestamp, .int96ToMicros)
        case .int32: return try int32(element)
        case .int64: return try int64(element)
        case .byteArray: return try byteArray(element)
        case .fixed:
            switch (element.logical, element.converted) {
            case (nil, nil), (.uuid, _): return (.binary, .none)
            default: throw unsupported(element)
            }
        }
    }

    private static func int32(_ element: SchemaElement) throws -> (ColumnType, Leaf.Conversion) {
        switch element.logical {
        case .date: return (.date, .none)
        case .integer(let width, let signed):
            if width > 32 { throw DecodingFault.malformed("an INT32 column says it has \(width) bits") }
            return signed || width < 32 ? (.int32, .none) : (.int64, .unsigned32)
        case nil: break
        default: throw unsupported(element)
        }
        switch element.converted {
        case nil, 15, 16, 17, ConvertedType.uint8, ConvertedType.uint16: return (.int32, .none)
        case ConvertedType.uint32: return (.int64, .unsigned32)
        case ConvertedType.date: return (.date, .none)
        default: throw unsupported(element)
        }
    }

    private static func int64(_ element: SchemaElement) throws -> (ColumnType, Leaf.Conversion) {
        switch element.logical {
        case .timestamp(let utc, let unit):
            let type: ColumnType = utc ? .timestamp : .localTimestamp
            switch unit {
            case .millis: return (type, .millisToMicros)
            case .micros: return (type, .none)
            case .nanos: return (type, .nanosToMicros)
            }
        case .integer(_, let signed):
            if !signed { throw unsupported(element) }
            return (.int64, .none)
        case nil: break
        default: throw unsupported(element)
        }
        switch element.converted {
        case nil, ConvertedType.int64: return (.int64, .none)
        case ConvertedType.timestampMillis: return (.timestamp, .millisToMicros)
        case ConvertedType.timestampMicros: return (.timestamp, .none)
        default: throw unsupported(element)
        }
    }

    private static func byteArray(_ element: SchemaElement) throws -> (ColumnType, Leaf.Conversion) {
        switch element.logical {
        case .string, .enumeration, .json: return (.string, .none)
        case .bson: return (.binary, .none)
        case nil: break
        default: throw unsupported(element)
        }
        switch element.converted {
        case nil, ConvertedType.bson: return (.binary, .none)
        case ConvertedType.utf8, ConvertedType.enumeration, ConvertedType.json: return (.string, .none)
        default: throw unsupported(element)
        }
    }

    private static func unsupported(_ element: SchemaElement) -> DecodingFault {
        let kind =
            switch (element.logical, element.converted) {
            case (.decimal, _), (nil, ConvertedType.decimal): "DECIMAL"
            case (.integer(let width, false), _): "UINT\(width)"
            case (.other(7), _), (nil, 7), (nil, 8): "TIME"
            case (.other(11), _): "UNKNOWN (always null)"
            case (.other(15), _): "FLOAT16"
            case (nil, 14): "UINT64"
            case (nil, 21): "INTERVAL"
            default: "an unknown logical type"
            }
        return .unsupported("the type \(kind) in column \(element.name)")
    }
}
