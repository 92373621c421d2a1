import Domain

/// Finds and reads the deletion vectors of a table's files.
///
/// A file of vectors begins with its version, 1, in one byte. Each vector has its size before it and its CRC-32 behind it,
/// both as four bytes, most significant first. Delta protocol, "Deletion Vector Files".
struct DeletionVectorReader {
    let storage: any Storage
    private static let version: UInt8 = 1

    /// The rows that are deleted.
    /// - Parameters:
    ///   - dataFile: what messages call the file whose rows they are.
    ///   - rowCount: of that file.
    /// - Throws: ``ColumnarError`` naming the file that is damaged, or what is not understood of it.
    func rows(_ vector: DeletionVector, of dataFile: String, rowCount: Int64) throws -> DeletedRows {
        if vector.size == 0, vector.cardinality == 0 { return DeletedRows() }
        let (name, bytes) = try stored(vector, of: dataFile)
        return try naming(name) {
            guard Int64(bytes.count) == vector.size else {
                throw DecodingFault.malformed(
                    "a deletion vector has \(bytes.count) bytes, the log states \(vector.size)")
            }
            let rows = try bytes.withUnsafeBytes { try RoaringBitmapArray.decode($0) }
            guard rows.count == vector.cardinality else {
                throw DecodingFault.malformed(
                    "a deletion vector has \(rows.count) rows, the log states \(vector.cardinality)")
            }
            if let last = rows.last, last >= rowCount {
                throw DecodingFault.malformed(
                    "a deletion vector deletes row \(last) of \(dataFile), which has \(rowCount)")
            }
            return rows
        }
    }

    private func stored(_ vector: DeletionVector, of dataFile: String) throws -> (name: String, bytes: [UInt8]) {
        switch vector.kind {
        case .inline:
            guard let bytes = Z85.decode(vector.pathOrInline.utf8), Int64(bytes.count) - vector.size < 4,
                Int64(bytes.count) >= vector.size
            else {
                throw ColumnarError.malformed(file: dataFile, reason: "its deletion vector in the log is no base 85")
            }
            return (dataFile, Array(bytes[..<Int(vector.size)]))
        case .relative:
            let name = try naming(dataFile) { try vector.relativeName() }
            return (storage.path(of: name), try framed(vector, in: storage.open(name), storage.path(of: name)))
        case .absolute:
            let (object, name) = try absolute(vector, of: dataFile)
            return (name, try framed(vector, in: object, name))
        }
    }

    /// A file of the table, or of the local disk where the table itself lies on it.
    private func absolute(_ vector: DeletionVector, of dataFile: String) throws -> (any StoredObject, name: String) {
        if let name = vector.name(in: storage.location) { return (try storage.open(name), storage.path(of: name)) }
        guard let path = vector.localPath, storage is LocalStorage else {
            throw ColumnarError.unsupported(
                file: dataFile, feature: "a deletion vector outside of the table, \(vector.pathOrInline)")
        }
        return (try LocalFile(path: path), path)
    }

    private func framed(_ vector: DeletionVector, in object: any StoredObject, _ name: String) throws -> [UInt8] {
        try naming(name) {
            let offset = Int(exactly: vector.offset ?? 1) ?? .max
            let size = Int(vector.size)
            guard offset >= 1, size <= object.size - 8, offset <= object.size - 8 - size else {
                throw DecodingFault.malformed(
                    "a deletion vector of \(size) bytes at \(offset) passes its \(object.size) bytes")
            }
            let version = try object.read(0..<1)
            guard version == [Self.version] else {
                throw DecodingFault.unsupported("files of deletion vectors of version \(version.first ?? 0)")
            }
            let frame = try object.read(offset..<offset + size + 8)
            let stated = Self.word(frame[..<4])
            guard Int(stated) == size else {
                throw DecodingFault.malformed("a deletion vector says it has \(stated) bytes, the log states \(size)")
            }
            let bytes = Array(frame[4..<4 + size])
            guard bytes.withUnsafeBytes({ crc32(of: $0) }) == Self.word(frame[(4 + size)...]) else {
                throw DecodingFault.malformed("the checksum of a deletion vector at \(offset) is wrong")
            }
            return bytes
        }
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
