internal import Domain

/// Arrays for `numpy.load`: a zip archive (APPNOTE 6.3.10, all entries stored, ZIP64 throughout) of `.npy` files (format
/// 1.0 of numpy.lib.format).
///
///     npy := "\x93NUMPY" 1 0 length:u16 "{'descr': …, 'fortran_order': False, 'shape': (…), }" spaces "\n" data
struct NumpyArchive {
    private let file: AtomicFile
    private var directory: [UInt8] = []
    private var entries: UInt64 = 0

    init(path: String) throws { file = try Files.writing { try AtomicFile(path: path) } }

    mutating func add(_ name: String, shape: [Int], _ values: Safetensors.Values) throws {
        let type =
            switch values.elementType {
            case .float32: "<f4"
            case .int32: "<i4"
            case .int64: "<i8"
            case .uint8: "|u1"
            }
        try values.withBytes { try add(name, type: type, shape: shape, $0) }
    }

    /// Texts as numpy's fixed-width Unicode, four bytes a code point, filled up with zeros.
    mutating func add(_ name: String, texts: [String]) throws {
        let width = max(1, texts.map(\.unicodeScalars.count).max() ?? 1)
        var points: [UInt32] = []
        points.reserveCapacity(texts.count * width)
        for text in texts {
            let end = points.count + width
            for scalar in text.unicodeScalars { points.append(scalar.value) }
            while points.count < end { points.append(0) }
        }
        try points.withUnsafeBytes { try add(name, type: "<U\(width)", shape: [texts.count], $0) }
    }

    private mutating func add(_ name: String, type: String, shape: [Int], _ data: UnsafeRawBufferPointer) throws {
        let extents = shape.map { "\($0), " }.joined()
        var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
        while (10 + header.count + 1) % 64 != 0 { header.append(UInt8(ascii: " ")) }
        header.append(UInt8(ascii: "\n"))
        let npy = [0x93] + Array("NUMPY".utf8) + [1, 0] + bytes(UInt16(header.count)) + header

        var checksum = Checksum()
        npy.withUnsafeBytes { checksum.update($0) }
        checksum.update(data)
        let size = UInt64(npy.count + data.count)
        let offset = UInt64(file.count)
        let entry = Array("\(name).npy".utf8)
        // Version 4.5, names in UTF-8, stored, 1980-01-01; the sizes stand in the ZIP64 field.
        let common =
            bytes(UInt16(45)) + bytes(UInt16(0x0800)) + bytes(UInt16(0)) + bytes(UInt16(0)) + bytes(UInt16(0x21))
            + bytes(checksum.value) + bytes(UInt32.max) + bytes(UInt32.max) + bytes(UInt16(entry.count))
        let sizes = bytes(size) + bytes(size)
        try file.write(
            bytes(UInt32(0x0403_4B50)) + common + bytes(UInt16(20)) + entry + bytes(UInt16(1)) + bytes(UInt16(16))
                + sizes)
        try file.write(npy)
        try file.write(data)
        directory += bytes(UInt32(0x0201_4B50)) + bytes(UInt16(45)) + common + bytes(UInt16(28))
        directory += [UInt8](repeating: 0, count: 10) + bytes(UInt32.max) + entry
        directory += bytes(UInt16(1)) + bytes(UInt16(24)) + sizes + bytes(offset)
        entries += 1
    }

    /// Writes the directory; only now the file has its name.
    consuming func finish() throws {
        let start = UInt64(file.count)
        let size = UInt64(directory.count)
        try file.write(directory)
        let end = bytes(UInt32(0x0606_4B50)) + bytes(UInt64(44)) + bytes(UInt16(45)) + bytes(UInt16(45))
        try file.write(
            end + bytes(UInt64(0)) + bytes(entries) + bytes(entries) + bytes(size) + bytes(start))
        try file.write(bytes(UInt32(0x0706_4B50)) + bytes(UInt32(0)) + bytes(start + size) + bytes(UInt32(1)))
        try file.write(
            bytes(UInt32(0x0605_4B50)) + bytes(UInt32(0)) + bytes(UInt16.max) + bytes(UInt16.max)
                + bytes(UInt32.max) + bytes(UInt32.max) + bytes(UInt16(0)))
        try file.finish()
    }
}

/// CRC-32 of ISO 3309, as zip has it.
private struct Checksum {
    private static let table: [UInt32] = (0..<256).map { (number: UInt32) -> UInt32 in
        (0..<8).reduce(number) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
    private var state: UInt32 = .max

    var value: UInt32 { ~state }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes { state = table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ (state >> 8) }
        }
        self.state = state
    }
}

private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
