/// Reads separated values a row at a time with bounded memory: RFC 4180 with LF or CRLF, or whatever else
/// ``DelimitedFormat`` says.
///
/// A quote opens a field only as its first byte; anywhere else it is text. A row that cannot be right is refused, and
/// reading goes on with the line after its first one: a quote that somebody forgot costs one line, not the lines up to the
/// next quote. A row is lent as places in a buffer, without an allocation per field. Used by one thread.
public final class DelimitedReader {
    /// Longest row in bytes. A quote that is open for longer was never closed.
    public static let longestRow = 1 << 20
    /// So many bytes may be read a second time because of quotes that were not closed, and an eighth of the file.
    private static let patience = 64 << 20

    private let source: any ByteStream
    private let path: String
    public let format: DelimitedFormat
    private var bytes: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var fields: [Field] = []
    /// The row's bytes in ``bytes``, and what lies behind its first line break.
    private var row = 0..<0
    private var isLatin1 = false
    /// Number of the line on which the current row begins, from 1.
    public private(set) var line = 0
    /// Number of the line on which it ends.
    public private(set) var lastLine = 0
    private var nextLine = 1
    /// Bytes of the file passed so far, for progress.
    public private(set) var consumed = 0
    private var readAgain = 0

    private struct Field {
        var start: Int
        var end: Int
        /// Whether quotes are doubled in it or something is escaped.
        var isCoded = false
    }

    /// What came next.
    public enum Step: Equatable, Sendable {
        case row
        /// One row, or the first line of one, that is not used.
        case refused(Reason)
        case end
    }

    /// Why a line is no row. The raw value is counted in summaries.
    public enum Reason: String, Sendable {
        case unclosedQuote = "unclosed-quote"
        case textAfterQuote = "text-after-quote"
        case rowTooLong = "row-too-long"
        case invalidUTF8 = "invalid-utf8"
    }

    /// - Parameter path: for messages.
    /// - Throws: ``DelimitedError/foreignText(path:form:remedy:)``, or what reading throws.
    public init(_ source: any ByteStream, path: String, format: DelimitedFormat = DelimitedFormat()) throws {
        self.source = source
        self.path = path
        self.format = format
        while bytes.count < 1 << 16, try fill() {}
        if let error = TextForm.foreign(bytes, path: path, isWhole: bytes.count < 1 << 16) { throw error }
        // A byte order mark is no part of the first field.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    }

    // MARK: Rows

    /// Moves to the next row, passing empty lines. O(length of the row).
    /// - Throws: ``DelimitedError``.
    public func next() throws -> Step {
        while true {
            line = nextLine
            lastLine = nextLine
            let found = parse()
            switch found {
            case .needsMore:
                let scanned = bytes.count - start
                if scanned > Self.longestRow { return try refuse(.rowTooLong) }
                if try !fill(), bytes.count == start { return .end }
            case .row(let end, let breaks, let mayBeForeign):
                // The same whatever pieces the file came in.
                if end - start > Self.longestRow { return try refuse(.rowTooLong, scanned: end - start) }
                row = start..<end
                lastLine = line + breaks
                nextLine = lastLine + 1
                consumed += end - start
                start = end
                if fields.count == 1, fields[0].start == fields[0].end, !fields[0].isCoded, breaks == 0 { continue }
                isLatin1 = false
                if mayBeForeign, !isUTF8(row) {
                    guard format.isLatin1Allowed else { return .refused(.invalidUTF8) }
                    isLatin1 = true
                }
                return .row
            case .malformed(let reason, let scanned): return try refuse(reason, scanned: scanned)
            }
        }
    }

    /// Gives up the current row but for its first line: reading goes on behind that one. For a row of several lines that
    /// turns out to be none. Does nothing for a row of one line.
    public func resumeBehindFirstLine() throws {
        guard lastLine > line else { return }
        consumed -= row.count
        start = row.lowerBound
        _ = try refuse(.unclosedQuote, scanned: row.count)
        lastLine = line
    }

    private enum Parsed {
        case row(end: Int, breaks: Int, mayBeForeign: Bool)
        case malformed(Reason, scanned: Int)
        case needsMore
    }

    /// Parses one row at `start` into ``fields``.
    private func parse() -> Parsed {
        // A property of a class is checked for exclusive access at every touch.
        var fields: [Field] = []
        swap(&fields, &self.fields)
        defer { swap(&fields, &self.fields) }
        fields.removeAll(keepingCapacity: true)
        let (from, isAtEnd, separator, quote, escape) = (
            start, isAtEnd, format.separator, format.quote.map { Int($0) } ?? -1, format.escape.map { Int($0) } ?? -1
        )
        return bytes.withUnsafeBufferPointer { bytes in
            separator.withUnsafeBufferPointer { separator in
                Self.parse(bytes, from, isAtEnd: isAtEnd, separator, quote: quote, escape: escape, &fields)
            }
        }
    }

    /// - Parameters: `quote` and `escape` are bytes, or −1.
    private static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, _ from: Int, isAtEnd: Bool, _ separator: UnsafeBufferPointer<UInt8>,
        quote: Int, escape: Int, _ fields: inout [Field]
    ) -> Parsed {
        let count = bytes.count
        guard from < count else { return .needsMore }
        let first = separator[0]
        func isSeparator(_ position: Int) -> Bool {
            guard position + separator.count <= count else { return false }
            for i in separator.indices where bytes[position + i] != separator[i] { return false }
            return true
        }
        var position = from
        var breaks = 0
        var all: UInt8 = 0
        while true {
            let begin = position
            if position < count, Int(bytes[position]) == quote {
                position += 1
                var isCoded = false
                while true {
                    guard position < count else {
                        if isAtEnd || position - from > longestRow {
                            return .malformed(.unclosedQuote, scanned: position - from)
                        }
                        return .needsMore
                    }
                    let byte = bytes[position]
                    all |= byte
                    if Int(byte) == quote {
                        if position + 1 < count, Int(bytes[position + 1]) == quote {
                            isCoded = true
                            position += 2
                            continue
                        }
                        if position + 1 == count, !isAtEnd { return .needsMore }
                        break
                    }
                    if byte == 0x0A { breaks += 1 }
                    if Int(byte) == escape, position + 1 < count {
                        isCoded = true
                        if bytes[position + 1] == 0x0A { breaks += 1 }
                        position += 1
                    }
                    position += 1
                }
                fields.append(Field(start: begin + 1, end: position, isCoded: isCoded))
                position += 1
                // Blanks behind it are nobody's.
                while position < count, bytes[position] == 0x20 || bytes[position] == 0x09,
                    bytes[position] != first
                { position += 1 }
                if position + 1 >= count, !isAtEnd { return .needsMore }
                guard position < count else { return .row(end: position, breaks: breaks, mayBeForeign: all >= 0x80) }
                if bytes[position] == 0x0D, position + 1 == count || bytes[position + 1] == 0x0A { position += 1 }
                guard position < count else { return .row(end: position, breaks: breaks, mayBeForeign: all >= 0x80) }
                if bytes[position] == 0x0A {
                    return .row(end: position + 1, breaks: breaks, mayBeForeign: all >= 0x80)
                }
                guard bytes[position] == first, isSeparator(position) else {
                    return .malformed(.textAfterQuote, scanned: position - from)
                }
                position += separator.count
                continue
            }
            var isCoded = false
            while position < count {
                let byte = bytes[position]
                if byte == 0x0A { break }
                if byte == first, separator.count == 1 || isSeparator(position) { break }
                all |= byte
                if Int(byte) == escape, position + 1 < count, bytes[position + 1] != 0x0A {
                    isCoded = true
                    position += 1
                }
                position += 1
            }
            guard position < count else {
                // A separator of two bytes may be cut in two, but then more must come.
                guard isAtEnd else { return .needsMore }
                let end = position > begin && bytes[position - 1] == 0x0D ? position - 1 : position
                fields.append(Field(start: begin, end: end, isCoded: isCoded))
                return .row(end: position, breaks: breaks, mayBeForeign: all >= 0x80)
            }
            if bytes[position] == 0x0A {
                let end = position > begin && bytes[position - 1] == 0x0D ? position - 1 : position
                fields.append(Field(start: begin, end: end, isCoded: isCoded))
                return .row(end: position + 1, breaks: breaks, mayBeForeign: all >= 0x80)
            }
            fields.append(Field(start: begin, end: position, isCoded: isCoded))
            position += separator.count
        }
    }

    /// Passes the first line at `start`.
    private func refuse(_ reason: Reason, scanned: Int = 0) throws -> Step {
        var length = 0
        while true {
            let rest = bytes[start...]
            if let end = rest.firstIndex(of: 0x0A) {
                length += end + 1 - start
                consumed += end + 1 - start
                start = end + 1
                break
            }
            length += rest.count
            consumed += rest.count
            start = bytes.count
            guard try fill() else { break }
        }
        nextLine = line + 1
        readAgain += max(0, scanned - length)
        guard readAgain <= Self.patience + consumed / 8 else {
            throw DelimitedError.hopelessQuotes(path: path, line: line)
        }
        return .refused(reason)
    }

    private func isUTF8(_ range: Range<Int>) -> Bool {
        bytes.withUnsafeBufferPointer { String(validating: $0[range], as: UTF8.self) != nil }
    }

    /// Moves what is left to the front and reads more behind it.
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

    // MARK: Fields

    /// Fields of the current row.
    public var fieldCount: Int { fields.count }

    /// Lends the bytes of a field, without quotes and escapes, in UTF-8.
    public func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let field = fields[index]
        if field.isCoded || isLatin1 {
            var text = string(index)
            return try text.withUTF8(body)
        }
        return try bytes.withUnsafeBufferPointer { bytes in
            try body(UnsafeBufferPointer(rebasing: bytes[field.start..<field.end]))
        }
    }

    /// A field as text.
    public func string(_ index: Int) -> String { string(from: index, through: index) }

    /// Fields and what stands between them, as one text.
    public func string(from first: Int, through last: Int) -> String {
        let field = fields[first]
        var range = bytes[field.start..<fields[last].end]
        if first == last, field.isCoded { range = decoded(range)[...] }
        return isLatin1 ? TextForm.latin1(range) : String(decoding: range, as: UTF8.self)
    }

    private func decoded(_ range: ArraySlice<UInt8>) -> [UInt8] {
        // PostgreSQL and MySQL write nothing as \N, which is no escaped N.
        if range.count == 2, range.first == format.escape, range.last == UInt8(ascii: "N") { return Array(range) }
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var position = range.startIndex
        while position < range.endIndex {
            let byte = range[position]
            let isMark = byte == format.escape || byte == format.quote
            // Only a doubled quote or an escape has something behind it to stand for.
            if isMark, position + 1 < range.endIndex, byte == format.escape || range[position + 1] == byte {
                position += 1
            }
            text.append(range[position])
            position += 1
        }
        return text
    }

    /// A field of 1 to 18 digits, blanks around them aside, also written `862.0`; nil if it is anything else or not there.
    public func integer(_ index: Int) -> Int64? {
        guard index < fields.count else { return nil }
        let field = fields[index]
        return bytes.withUnsafeBufferPointer { bytes in
            let raw = UnsafeBufferPointer(rebasing: bytes[field.start..<field.end])
            if let value = Self.digits(raw) { return value }
            let value = Cell.trimmed(raw)
            return Self.digits(UnsafeBufferPointer(rebasing: value[..<(Cell.wholeNumber(value) ?? value.count)]))
        }
    }

    private static func digits(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard (1...18).contains(bytes.count) else { return nil }
        var value: Int64 = 0
        for byte in bytes {
            let digit = byte &- 48
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return value
    }

    /// A field as a finite number, blanks around it aside; nil if it is none.
    public func number(_ index: Int) -> Double? {
        let field = fields[index]
        // Most ratings are a digit, or two with a point.
        let value: Double? = bytes.withUnsafeBufferPointer { bytes in
            func digit(_ position: Int) -> Double? {
                bytes[position] >= 48 && bytes[position] <= 57 ? Double(bytes[position] - 48) : nil
            }
            if field.end - field.start == 1 { return digit(field.start) }
            guard field.end - field.start == 3, bytes[field.start + 1] == UInt8(ascii: "."),
                let whole = digit(field.start), let tenth = digit(field.start + 2)
            else { return nil }
            return whole + tenth / 10
        }
        if let value { return value }
        let text = withBytes(index) { String(decoding: Cell.trimmed($0), as: UTF8.self) }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}
