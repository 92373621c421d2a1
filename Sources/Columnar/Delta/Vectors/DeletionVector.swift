import Foundation

/// Says which rows of a data file are deleted, and where that is written. Delta protocol, "Deletion Vector Descriptor
/// Schema".
struct DeletionVector: Hashable, Sendable {
    enum Kind: String, Sendable {
        /// In the log itself, as base 85.
        case inline = "i"
        /// In a file of the table whose name comes of a UUID.
        case relative = "u"
        /// In a file anywhere.
        case absolute = "p"
    }

    var kind: Kind
    /// The bytes, the prefix and UUID of the name, or the path: by ``kind``.
    var pathOrInline: String
    /// Where it begins in its file; nil inline.
    var offset: Int64?
    /// Without what frames it in a file.
    var size: Int64
    /// How many rows it deletes.
    var cardinality: Int64

    /// What tells files of the same path apart in the log. Delta protocol, "uniqueId".
    var id: String { offset.map { "\(kind.rawValue)\(pathOrInline)@\($0)" } ?? kind.rawValue + pathOrInline }

    /// The name in the table of a file that is ``Kind/relative``.
    /// - Throws: `DecodingFault` if that is no name of a file of vectors.
    func relativeName() throws -> String {
        let text = Array(pathOrInline.utf8)
        let prefix = text.dropLast(20)
        guard text.count >= 20, let uuid = Z85.decode(text.suffix(20)),
            prefix.allSatisfy({ $0 < 128 && $0 > 32 && $0 != UInt8(ascii: "/") }), prefix != [46], prefix != [46, 46]
        else { throw DecodingFault.malformed("\(pathOrInline) does not name a file of deletion vectors") }
        let digits = Array("0123456789abcdef".utf8)
        var name = prefix.isEmpty ? [] : Array(prefix) + [UInt8(ascii: "/")]
        name += Array("deletion_vector_".utf8)
        for (place, byte) in uuid.enumerated() {
            if [4, 6, 8, 10].contains(place) { name.append(UInt8(ascii: "-")) }
            name += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: name, as: UTF8.self) + ".bin"
    }

    /// The name of the file of the table that holds it; nil if it lies in the log, or outside of the table.
    /// - Parameter location: of the table.
    func name(in location: String) -> String? {
        switch kind {
        case .inline: return nil
        case .relative: return try? relativeName()
        case .absolute:
            let prefix = location.hasSuffix("/") ? location : location + "/"
            for text in [pathOrInline, localPath ?? pathOrInline]
            where text.hasPrefix(prefix) && !text.split(separator: "/").contains("..") {
                return String(text.dropFirst(prefix.count))
            }
            return nil
        }
    }

    /// Of one that is ``Kind/absolute`` the path on the local disk; nil for other places.
    var localPath: String? {
        let url = URL(string: pathOrInline)
        guard let scheme = url?.scheme else { return pathOrInline.hasPrefix("/") ? pathOrInline : nil }
        return scheme == "file" ? url?.path(percentEncoded: false) : nil
    }

    /// Whether an object of the table's folder is, by its name, a file of deletion vectors. They hold positions of rows and
    /// none of their values.
    static func isFileName(_ name: String) -> Bool {
        let last = name.split(separator: "/").last ?? ""
        return last.hasPrefix("deletion_vector_") && last.hasSuffix(".bin")
    }
}

extension DeletionVector {
    /// - Returns: nil if a field is absent or has no valid value.
    init?(json: JSON) {
        guard let kind = json["storageType"]?.string.flatMap({ Kind(rawValue: $0) }),
            let pathOrInline = json["pathOrInlineDv"]?.string, let size = json["sizeInBytes"]?.int,
            let cardinality = json["cardinality"]?.int
        else { return nil }
        self.init(
            kind: kind, pathOrInline: pathOrInline, offset: json["offset"]?.int, size: size, cardinality: cardinality)
        guard isPlausible else { return nil }
    }

    /// Sizes that a vector can have.
    var isPlausible: Bool { Self.isPlausible(size: size, cardinality: cardinality, offset: offset) }

    static func isPlausible(size: Int64, cardinality: Int64, offset: Int64?) -> Bool {
        size >= 0 && size <= Int64(Int32.max) && cardinality >= 0 && (0...Int64(Int32.max)).contains(offset ?? 0)
    }

    var json: JSON {
        .object([
            "storageType": .string(kind.rawValue), "pathOrInlineDv": .string(pathOrInline),
            "offset": offset.map { .int($0) }, "sizeInBytes": .int(size), "cardinality": .int(cardinality),
        ])
    }
}
