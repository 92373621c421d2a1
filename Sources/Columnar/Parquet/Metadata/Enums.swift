// Numbers of parquet.thrift (apache/parquet-format).

enum PhysicalType: Int32, Sendable {
    case boolean, int32, int64, int96, float, double, byteArray, fixed
}

enum PageEncoding: Int32, Sendable {
    case plain = 0
    case plainDictionary = 2
    case rle = 3
    case bitPacked = 4
    case deltaBinaryPacked = 5
    case deltaLengthByteArray = 6
    case deltaByteArray = 7
    case rleDictionary = 8
    case byteStreamSplit = 9

    /// The name of any encoding, or its number in parquet.thrift if it is none that is read here.
    static func name(_ encoding: Int32) -> String {
        PageEncoding(rawValue: encoding)?.name ?? (encoding == 10 ? "ALP" : "\(encoding)")
    }

    /// The name in the specification.
    var name: String {
        switch self {
        case .plain: "PLAIN"
        case .plainDictionary: "PLAIN_DICTIONARY"
        case .rle: "RLE"
        case .bitPacked: "BIT_PACKED"
        case .deltaBinaryPacked: "DELTA_BINARY_PACKED"
        case .deltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY"
        case .deltaByteArray: "DELTA_BYTE_ARRAY"
        case .rleDictionary: "RLE_DICTIONARY"
        case .byteStreamSplit: "BYTE_STREAM_SPLIT"
        }
    }
}

enum PageType: Int32, Sendable {
    case data, index, dictionary, dataV2
}

enum Repetition: Int32, Sendable {
    case required, optional, repeated
}

/// How pages are compressed. Raw blocks without framing, but for zstd and gzip, which frame themselves.
public enum Compression: String, CaseIterable, Sendable {
    case none, snappy, gzip, zstd, lz4
    /// Read only: see ``HadoopLZ4``.
    case hadoopLZ4 = "lz4-hadoop"

    /// Those that can be written.
    public static let allCases: [Compression] = [.none, .snappy, .gzip, .zstd, .lz4]

    var codec: Int32 {
        switch self {
        case .none: 0
        case .snappy: 1
        case .gzip: 2
        case .zstd: 6
        case .lz4: 7
        case .hadoopLZ4: 5
        }
    }

    init(codec: Int32) throws {
        switch codec {
        case 0: self = .none
        case 1: self = .snappy
        case 2: self = .gzip
        case 6: self = .zstd
        case 7: self = .lz4
        case 3: throw DecodingFault.unsupported("the codec LZO")
        case 4: throw DecodingFault.unsupported("the codec BROTLI")
        case 5: self = .hadoopLZ4
        default: throw DecodingFault.unsupported("the codec \(codec)")
        }
    }
}

enum ConvertedType {
    static let utf8: Int32 = 0
    static let map: Int32 = 1
    static let mapKeyValue: Int32 = 2
    static let list: Int32 = 3
    static let enumeration: Int32 = 4
    static let decimal: Int32 = 5
    static let date: Int32 = 6
    static let timeMillis: Int32 = 7
    static let timeMicros: Int32 = 8
    static let timestampMillis: Int32 = 9
    static let timestampMicros: Int32 = 10
    static let uint8: Int32 = 11
    static let uint16: Int32 = 12
    static let uint32: Int32 = 13
    static let uint64: Int32 = 14
    static let int8: Int32 = 15
    static let int64: Int32 = 18
    static let json: Int32 = 19
    static let bson: Int32 = 20
}

/// The union LogicalType, as far as it matters here.
enum LogicalType: Hashable, Sendable {
    enum Unit: Int, Sendable { case millis = 1, micros, nanos }
    case string, map, list, enumeration, date, json, bson, uuid, float16
    /// A column without values.
    case null
    case timestamp(utc: Bool, Unit)
    case time(utc: Bool, Unit)
    case integer(width: Int, signed: Bool)
    case decimal(precision: Int, scale: Int)
    /// A member this module does not know, by its field id.
    case other(Int)
}
