import Foundation

/// Reads comma-separated values (RFC 4180): quoted cells may hold commas, line breaks and doubled quotes; lines end in
/// LF or CRLF; a byte order mark is skipped.
struct CSVReader {
    struct Record: Equatable {
        /// Line of its first byte, counted from 1.
        var line: Int
        var cells: [String]
    }

    private let data: Data
    private var position = 0
    private var line = 1

    init(_ data: Data) {
        self.data = data
        if data.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The next record, or nil at the end. Empty lines are skipped. What is malformed is taken as it stands: a quote
    /// inside an unquoted cell is a character, an unclosed one ends with the file.
    mutating func next() -> Record? {
        let record: Record? = data.withUnsafeBytes { bytes in
            while position < bytes.count, bytes[position] == 0x0A || bytes[position] == 0x0D {
                if bytes[position] == 0x0A { line += 1 }
                position += 1
            }
            guard position < bytes.count else { return nil }
            var record = Record(line: line, cells: [])
            repeat { record.cells.append(cell(bytes)) } while skipComma(bytes)
            return record
        }
        return record
    }

    private mutating func skipComma(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return false }
        position += 1
        return true
    }

    private mutating func cell(_ bytes: UnsafeRawBufferPointer) -> String {
        var text: [UInt8] = []
        let quote = UInt8(ascii: "\"")
        if position < bytes.count, bytes[position] == quote {
            position += 1
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if byte == quote {
                    guard position < bytes.count, bytes[position] == quote else { break }
                    position += 1
                }
                if byte == 0x0A { line += 1 }
                text.append(byte)
            }
        }
        while position < bytes.count, ![UInt8(ascii: ","), 0x0A, 0x0D].contains(bytes[position]) {
            text.append(bytes[position])
            position += 1
        }
        return String(decoding: text, as: UTF8.self)
    }
}
