public import Domain

/// The name of a published model and of its directory: `<time>-<hash>`, such as `20261120T120000Z-1f0c9a2b`.
///
/// Names sort by time of publication. The hash is the start of the SHA-256 of the factors file.
public struct ModelID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// - Returns: nil unless the text is `YYYYMMDDTHHMMSSZ-` and 8 to 64 lower-case hexadecimal digits: anything else,
    ///   such as `..` or a path, never reaches the file system.
    public init?(rawValue: String) {
        let bytes = Array(rawValue.utf8)
        guard bytes.count >= 25, bytes.count <= 81, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            bytes[16] == UInt8(ascii: "-"),
            (bytes[0..<8] + bytes[9..<15]).allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            bytes[17...].allSatisfy({
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            })
        else { return nil }
        self.rawValue = rawValue
    }

    /// - Parameters:
    ///   - at: the time of publication; seconds count.
    ///   - digest: hexadecimal; the first eight digits are used.
    public init(at: Timestamp, digest: String) {
        rawValue = "\(Self.time(at))-\(digest.prefix(8).lowercased())"
    }

    /// The time of a name, such as `20261120T120000Z`.
    var time: Substring { rawValue.prefix(16) }

    /// A time as names have it, to the second.
    static func time(_ at: Timestamp) -> Substring {
        Timestamp(seconds: at.seconds).description.filter { $0 != "-" && $0 != ":" }[...]
    }

    public var description: String { rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension ModelID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ModelID(rawValue: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not a model name")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
