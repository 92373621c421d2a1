/// File paths: folders as Hive names them, and the URI form the log keeps.
///
/// A value is encoded twice: `a/b c` makes the folder `src=a%2Fb%20c`, which the log writes `src=a%252Fb%2520c`.
enum PartitionPath {
    static let nullFolder = "__HIVE_DEFAULT_PARTITION__"

    /// Bytes in one name of a path, on every file system in use.
    static let longestName = 255

    /// The folder of a partition, `day=2026-11-21/src=a%2Fb`, or nothing if the table has no partitions.
    static func folder(_ columns: [String], values: [String: String?]) -> String {
        columns.map { column in
            let value = (values[column] ?? nil).map { encoded($0, keeping: []) } ?? nullFolder
            return "\(encoded(column, keeping: []))=\(value)"
        }.joined(separator: "/")
    }

    static func encodedForLog(_ path: String) -> String {
        encoded(path, keeping: [UInt8(ascii: "/"), UInt8(ascii: "=")])
    }

    /// - Throws: ``ColumnarError`` if the path leads out of the table's folder.
    static func decodedFromLog(_ path: String, file: String) throws -> String {
        // Bytes, not characters, and a second look only where there is cause: a checkpoint has a path a row.
        var hasSpecial = path.isEmpty
        var hasDots = false
        var last: UInt8 = UInt8(ascii: "/")
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: ":"), 0: hasSpecial = true
            case UInt8(ascii: "."), UInt8(ascii: "/"): if last == byte { hasDots = true }
            default: break
            }
            last = byte
        }
        if !hasSpecial && !hasDots { return path }
        let decoded = percentDecoded(path)
        // Spark's shallow clones have the files of another table: `file:/…`, with one slash.
        if decoded.hasPrefix("/") || decoded.contains("://") || decoded.contains(/^[A-Za-z][A-Za-z0-9+.\-]*:\//) {
            throw ColumnarError.unsupported(
                file: file, feature: "a file outside of the table, as a shallow clone has them: \(path)")
        }
        guard !decoded.isEmpty, !decoded.utf8.contains(0),
            !decoded.split(separator: "/", omittingEmptySubsequences: false).contains("..")
        else { throw ColumnarError.malformed(file: file, reason: "\(path) is not a path inside the table") }
        return decoded
    }

    /// Whether a path of the log is surely one in the table and its own name on disk. Without a branch a byte: a checkpoint has
    /// a path a row.
    static func isPlain(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = path.first, first != UInt8(ascii: "/") else { return false }
        return arePlain(path)
    }

    /// The same of paths that lie end to end, none of which is empty or begins with `/`. False says nothing then.
    static func arePlain(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard path.count > 0 else { return true }
        var strange: UInt8 = 0
        for index in path.indices {
            let byte = path[index]
            strange |= byte & 0x80
            strange |= byte == UInt8(ascii: "%") ? 1 : 0
            strange |= byte == UInt8(ascii: ":") ? 1 : 0
            strange |= byte == 0 ? 1 : 0
        }
        for index in 1..<path.count {
            let byte = path[index]
            let isTwice: UInt8 = byte == path[index - 1] ? 1 : 0
            strange |= isTwice & (byte == UInt8(ascii: ".") ? 1 : 0)
            strange |= isTwice & (byte == UInt8(ascii: "/") ? 1 : 0)
        }
        return strange == 0
    }

    /// Everything but RFC 3986's unreserved characters as `%XX`, and `~` too: delta-rs writes it so, and does not find
    /// the file when it is as it is.
    private static func encoded(_ text: String, keeping kept: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                bytes.append(byte)
            case _ where kept.contains(byte): bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A `%` without two hexadecimal digits stands for itself.
    private static func percentDecoded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        let source = Array(text.utf8)
        func digit(_ index: Int) -> UInt8? {
            guard index < source.count else { return nil }
            return Character(Unicode.Scalar(source[index])).hexDigitValue.map { UInt8($0) }
        }
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), let high = digit(index + 1), let low = digit(index + 2) {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
