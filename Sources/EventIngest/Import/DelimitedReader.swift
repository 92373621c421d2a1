/// Reads separated values a row at a time with bounded memory: RFC 4180 (quotes, doubled quotes, line breaks inside
/// quotes) with LF or CRLF, or plain separators without quoting, such as MovieLens' `::`.
///
/// A row is lent as ranges of ``bytes``, without an allocation per field.
final class DelimitedReader {
    /// Longest row; a longer one means that a quote was never closed.
    static let longestRow = 1 << 20

    private let source: any ByteStream
    private let separator: [UInt8]
    private let quoted: Bool
    private var start = 0
    private(set) var bytes: [UInt8] = []
    /// The fields of the current row, unquoted, as ranges of ``bytes``.
    private(set) var fields: [Range<Int>] = []
    /// Number of the line on which the current row begins, from 1.
    private(set) var line = 0
    private var nextLine = 1
    /// Bytes of the file passed so far, for progress.
    private(set) var consumed = 0
    private var isAtEnd = false

    enum Failure: String, Error {
        case unclosedQuote = "unclosed-quote"
        case textAfterQuote = "text-after-quote"
        case rowTooLong = "row-too-long"
    }

    /// - Throws: ``IngestError/unreadableImport(path:reason:)``.
    init(_ source: any ByteStream, separator: String = ",", quoted: Bool = true) throws {
        self.source = source
        self.separator = Array(separator.utf8)
        self.quoted = quoted
        try fill()
        // A byte order mark is no part of the first field.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    }

    /// Moves to the next row, passing empty lines.
    /// - Returns: false at the end of the file.
    /// - Throws: ``Failure`` for a malformed row, which is then passed; ``IngestError`` if reading fails.
    func next() throws -> Bool {
        while true {
            line = nextLine
            guard let length = try findRow() else { return false }
            let row = start..<start + length.text
            nextLine += length.lines
            consumed += length.whole
            start += length.whole
            if row.isEmpty { continue }
            try split(row)
            return true
        }
    }

    /// The next row that is well-formed; malformed ones are counted.
    func next(countingIn summary: inout ImportSummary, file: String) throws -> Bool {
        while true {
            do {
                return try next()
            } catch let failure as Failure {
                summary.reject(failure.rawValue, file: file, line: line)
            }
        }
    }

    func string(_ field: Int) -> String { String(decoding: bytes[fields[field]], as: UTF8.self) }

    /// A field of digits, or nil.
    func integer(_ field: Int) -> Int64? {
        guard field < fields.count else { return nil }
        let range = fields[field]
        guard !range.isEmpty, range.count <= 18 else { return nil }
        var value: Int64 = 0
        for i in range {
            guard let digit = digit(i) else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    func number(_ field: Int) -> Double? {
        let range = fields[field]
        // Most ratings are a digit, or two with a point.
        if range.count == 1 { return digit(range.lowerBound).map(Double.init) }
        if range.count == 3, bytes[range.lowerBound + 1] == UInt8(ascii: "."),
            let whole = digit(range.lowerBound), let tenth = digit(range.lowerBound + 2)
        {
            return Double(whole) + Double(tenth) / 10
        }
        return Double(string(field))
    }

    private func digit(_ position: Int) -> Int? {
        bytes[position] >= 48 && bytes[position] <= 57 ? Int(bytes[position] - 48) : nil
    }

    // MARK: Rows

    /// Lengths of the row at `start`: its text, and all of it with the line break; and the lines it spans.
    private func findRow() throws -> (text: Int, whole: Int, lines: Int)? {
        var position = start
        var inQuotes = false
        var lines = 1
        while true {
            if position == bytes.count {
                let scanned = position - start
                guard scanned <= Self.longestRow else {
                    consumed += scanned
                    nextLine += lines - 1
                    start = position
                    throw Failure.rowTooLong
                }
                guard try fill() else {
                    return scanned == 0 ? nil : (trimmed(start + scanned), scanned, lines)
                }
                position = start + scanned
            }
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\""), quoted { inQuotes.toggle() }
            guard byte == 0x0A else { continue }
            if !inQuotes { return (trimmed(position - 1), position - start, lines) }
            lines += 1
        }
    }

    /// Length of the row that ends before `limit`, without a carriage return.
    private func trimmed(_ limit: Int) -> Int {
        limit > start && bytes[limit - 1] == 0x0D ? limit - 1 - start : limit - start
    }

    private func split(_ row: Range<Int>) throws {
        fields.removeAll(keepingCapacity: true)
        var position = row.lowerBound
        while true {
            if quoted, position < row.upperBound, bytes[position] == UInt8(ascii: "\"") {
                position = try takeQuoted(position + 1, row.upperBound)
            } else {
                let from = position
                while position < row.upperBound, !isSeparator(position, row.upperBound) { position += 1 }
                fields.append(from..<position)
            }
            guard position < row.upperBound else { return }
            position += separator.count
            if position == row.upperBound { return fields.append(position..<position) }
        }
    }

    /// Takes a field up to its closing quote, moving the text together where quotes are doubled.
    private func takeQuoted(_ from: Int, _ limit: Int) throws -> Int {
        var read = from
        var write = from
        while read < limit {
            if bytes[read] == UInt8(ascii: "\"") {
                guard read + 1 < limit, bytes[read + 1] == UInt8(ascii: "\"") else {
                    fields.append(from..<write)
                    guard read + 1 == limit || isSeparator(read + 1, limit) else { throw Failure.textAfterQuote }
                    return read + 1
                }
                read += 1
            }
            bytes[write] = bytes[read]
            write += 1
            read += 1
        }
        throw Failure.unclosedQuote
    }

    private func isSeparator(_ position: Int, _ limit: Int) -> Bool {
        guard bytes[position] == separator[0], position + separator.count <= limit else { return false }
        for i in separator.indices where bytes[position + i] != separator[i] { return false }
        return true
    }

    /// Moves what is left to the front and reads more behind it.
    @discardableResult
    private func fill() throws -> Bool {
        guard !isAtEnd else { return false }
        if start > 0 {
            bytes.removeSubrange(0..<start)
            start = 0
        }
        guard let chunk = try source.next() else {
            isAtEnd = true
            return false
        }
        bytes.append(contentsOf: chunk)
        return true
    }
}
