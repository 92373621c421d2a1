/// Which annotations make which of our types. Writers state the old annotation, the new one, or both.
enum LeafTypes {
    static func type(
        of element: SchemaElement, _ physical: PhysicalType
    ) throws -> (ColumnType, Leaf.Conversion) {
        if let decimal = decimal(element) {
            switch physical {
            case .int32, .int64, .byteArray, .fixed: return (try decimal.get(), .none)
            default: throw unsupported(element)
            }
        }
        // It has no values, of whatever type.
        var element = element
        if element.logical == .null { element.logical = nil }
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
            case (nil, nil): return (.binary, .none)
            case (.uuid, _) where element.typeLength == 16: return (.string, .uuidText)
            case (.float16, _) where element.typeLength == 2: return (.float, .binary16)
            default: throw unsupported(element)
            }
        }
    }

    private static func int32(_ element: SchemaElement) throws -> (ColumnType, Leaf.Conversion) {
        switch element.logical {
        case .date: return (.date, .none)
        case .time(_, .millis): return (.string, .timeText(digits: 3))
        case .integer(let width, let signed):
            if width > 32 { throw DecodingFault.unsupported("INT\(width) in 32 bits in column \(element.name)") }
            return signed || width < 32 ? (.int32, .none) : (.int64, .unsigned32)
        case nil: break
        default: throw unsupported(element)
        }
        switch element.converted {
        case nil, 15, 16, 17, ConvertedType.uint8, ConvertedType.uint16: return (.int32, .none)
        case ConvertedType.uint32: return (.int64, .unsigned32)
        case ConvertedType.date: return (.date, .none)
        case ConvertedType.timeMillis: return (.string, .timeText(digits: 3))
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
            return signed ? (.int64, .none) : (unsigned64, .unsigned64)
        case .time(_, .micros): return (.string, .timeText(digits: 6))
        case .time(_, .nanos): return (.string, .timeText(digits: 9))
        case nil: break
        default: throw unsupported(element)
        }
        switch element.converted {
        case nil, ConvertedType.int64: return (.int64, .none)
        case ConvertedType.uint64: return (unsigned64, .unsigned64)
        case ConvertedType.timeMicros: return (.string, .timeText(digits: 6))
        case ConvertedType.timestampMillis: return (.timestamp, .millisToMicros)
        case ConvertedType.timestampMicros: return (.timestamp, .none)
        default: throw unsupported(element)
        }
    }

    /// Holds every number of 64 bits without a sign.
    private static let unsigned64 = ColumnType.decimal(precision: 20, scale: 0)

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

    /// The type that an annotation DECIMAL stands for; nil without one.
    private static func decimal(_ element: SchemaElement) -> Result<ColumnType, DecodingFault>? {
        let digits: (precision: Int, scale: Int)
        switch (element.logical, element.converted) {
        case (.decimal(let precision, let scale), _): digits = (precision, scale)
        case (nil, ConvertedType.decimal): digits = (Int(element.precision ?? 0), Int(element.scale ?? 0))
        default: return nil
        }
        guard (1...DecimalNumber.maximumPrecision).contains(digits.precision),
            (0...digits.precision).contains(digits.scale)
        else {
            return .failure(
                .unsupported("the type DECIMAL(\(digits.precision),\(digits.scale)) in column \(element.name)"))
        }
        return .success(.decimal(precision: digits.precision, scale: digits.scale))
    }

    static func unsupported(_ element: SchemaElement) -> DecodingFault {
        let kind =
            switch (element.logical, element.converted) {
            case (.decimal, _), (nil, ConvertedType.decimal): "DECIMAL of an unusual form"
            case (.integer(let width, let signed), _): "\(signed ? "" : "U")INT\(width)"
            case (.time, _), (.other(7), _), (nil, 7), (nil, 8): "TIME of an unknown unit"
            case (.other(8), _): "TIMESTAMP of an unknown unit"
            case (.float16, _): "FLOAT16 of another size"
            case (.uuid, _): "UUID of another size"
            case (.other(16), _): "VARIANT"
            case (.other(17), _): "GEOMETRY"
            case (.other(18), _): "GEOGRAPHY"
            case (.other(let number), _): "number \(number) of the logical types"
            case (nil, 21): "INTERVAL"
            case (nil, let number?): "number \(number) of the converted types"
            default:
                element.unknownPhysical.map { "number \($0) of the physical types" } ?? "of an unusual form"
            }
        return .unsupported("the type \(kind) in column \(element.name)")
    }
}
