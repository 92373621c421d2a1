import Delimited
public import Domain

/// Reads events from separated values of any layout, by a map of their columns.
///
/// Where no column holds the event's identifier, it is made from user, item, kind and time, so that importing again gives
/// the same events.
public struct MappedCSV: EventImport {
    /// How the file is written, and what its events are.
    public struct Options: Sendable {
        /// Nil for what the file's name says: a tab for `.tsv`, else a comma.
        public var separator: String?
        /// What opens and closes values that have separators in them; `.none` where nothing does.
        public var quote = Quote.automatic
        /// Takes the meaning from the character behind it.
        public var escape: UInt8?
        /// Of events whose map has no column for it.
        public var kind = EventKind.review
        /// Whether the first line names the columns; without, the map has numbers.
        public var hasHeader = true
        /// Whether what is not UTF-8 is ISO 8859-1; otherwise it is refused.
        public var isLatin1 = false
        /// The scale of reviews; nil for stars, where a file that has others is refused.
        public var scale: RatingScale?
        /// The source of the events, and the beginning of identifiers made for them.
        public var source = "csv"

        /// RFC 4180 with a header, of reviews.
        public init() {}
    }

    /// What opens and closes a value.
    public enum Quote: Sendable, Equatable {
        /// `"`, and nothing where a tab separates.
        case automatic
        case none
        case character(UInt8)
    }

    public let name = "csv"
    private let files: ImportFiles
    private let parts: [String]
    private let map: ColumnMap
    private let options: Options
    private let format: DelimitedFormat

    /// - Parameter path: the file, packed if need be; or a folder or an archive of files that are parts of one, each with
    ///   a header.
    /// - Throws: `DelimitedError`; ``IngestError/invalidSetting(name:reason:)`` if the map names a column that a file does
    ///   not have.
    public init(path: String, map: ColumnMap, options: Options = Options()) throws {
        files = try ImportFiles(path)
        parts = files.parts
        guard let first = parts.first else {
            throw DelimitedError.unreadable(path: path, reason: "there is no file in it")
        }
        self.map = map
        self.options = options
        let isTabs = [".tsv", ".tab"].contains { first.lowercased().hasSuffix($0) }
        let separator = options.separator ?? (isTabs ? "\t" : ",")
        let quote: UInt8? =
            switch options.quote {
            case .automatic: separator == "\t" ? nil : UInt8(ascii: "\"")
            case .none: nil
            case .character(let byte): byte
            }
        format = DelimitedFormat(
            separator: separator, quote: quote, escape: options.escape, isLatin1Allowed: options.isLatin1)
        var hasColumns = false
        for part in parts where try open(part) != nil { hasColumns = true }
        guard hasColumns else {
            throw DelimitedError.unreadable(
                path: path,
                reason: options.hasHeader ? "it has no first line with names of columns" : "it has no line")
        }
        if options.kind == .review, map.columns[.value] == nil, map.columns[.kind] == nil {
            throw IngestError.invalidSetting(
                name: "--map", reason: "reviews need value=COLUMN for their stars; other events --kind view or like")
        }
    }

    public var path: String { files.path }
    public var byteCount: Int? { files.size(of: parts) }
    public var makesIdentifiers: Bool { map.columns[.event] == nil }

    public func movies(into summary: inout ImportSummary) throws -> [Movie] { [] }

    /// A file behind its header.
    private struct Opened {
        var reader: DelimitedReader
        /// The place of each mapped field.
        var columns: [ColumnMap.Field: Int]
        /// Of a row; nil if nothing says.
        var width: Int?
        /// One more than the last place that is mapped.
        var needed: Int
    }

    /// - Returns: nil for a part without a byte, which programs that write in parts leave where there were no rows.
    private func open(_ part: String) throws -> Opened? {
        let place = files.place(of: part)
        if parts.count > 1, files.size(of: part) == 0 { return nil }
        let reader = try DelimitedReader(files.open(part), path: place, format: format)
        let header = options.hasHeader ? try Header(reader, path: place) : nil
        let columns = try map.columns.mapValues { column in
            if let index = header?.index(of: column) { return index }
            if header == nil, let number = Int(column), number > 0 { return number - 1 }
            let known =
                header.map { "its columns are \($0.names.joined(separator: ", "))" } ?? "columns are numbered from 1"
            let count = header?.names.filter { $0 == column }.count ?? 0
            throw IngestError.invalidSetting(
                name: "--map",
                reason: "\(place) has \(count > 1 ? "\(count) columns" : "no column") \(column); \(known)")
        }
        return Opened(
            reader: reader, columns: columns, width: header?.names.count, needed: (columns.values.max() ?? 0) + 1)
    }

    public func forEachBatch(
        of batch: Int, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        let fields = ImportFields()
        var scale = ScaleCheck(options.scale)
        var events = ImportBatch(of: batch)
        var before = 0
        for part in parts {
            guard let opened = try open(part) else { continue }
            let reader = opened.reader
            while try reader.nextRow(countingIn: &summary, file: part) {
                if let refusal = Self.wrongWidth(opened) {
                    try reader.refuse(refusal, mayBeQuote: true, into: &summary, file: part)
                    continue
                }
                do {
                    let event = try event(opened, fields, &scale, &summary)
                    summary.acceptedEvents += 1
                    summary.accept(reader, file: part)
                    guard events.add(event) else { continue }
                    try scale.check(files.path)
                    guard try events.flush(before + reader.consumed, body) else { return }
                } catch let refusal as Refusal {
                    let isID = refusal.reason == "line-break-in-id"
                    try reader.refuse(refusal, mayBeQuote: isID, into: &summary, file: part)
                }
            }
            before += reader.consumed
        }
        try scale.check(files.path)
        _ = try events.flush(before, body)
    }

    /// A row with more or fewer values than names would be read into the wrong fields. Empty values at the end are left
    /// by a separator behind the last column.
    private static func wrongWidth(_ opened: Opened) -> Refusal? {
        let reader = opened.reader
        var count = reader.fieldCount
        guard let width = opened.width else {
            return count >= opened.needed
                ? nil : Refusal("wrong-number-of-fields", "\(count) and not \(opened.needed) or more")
        }
        while count > width, reader.withBytes(count - 1, \.isEmpty) { count -= 1 }
        return count == width ? nil : EventIngest.wrongWidth(reader, width)
    }

    private func event(
        _ opened: Opened, _ fields: ImportFields, _ scale: inout ScaleCheck, _ summary: inout ImportSummary
    ) throws(Refusal) -> Event {
        let (reader, columns) = (opened.reader, opened.columns)
        /// Nil where there is no such column, or where it stands for nothing.
        func text(_ field: ColumnMap.Field) -> String? {
            guard let index = columns[field] else { return nil }
            return reader.withBytes(index) { bytes in
                let value = Cell.trimmed(bytes)
                return Cell.isNull(value) ? nil : String(decoding: value, as: UTF8.self)
            }
        }
        guard let userColumn = columns[.user], let itemColumn = columns[.item], let timeColumn = columns[.at] else {
            preconditionFailure("a map has user, item and at")
        }
        let user = try fields.identifier(reader, userColumn, into: &summary)
        let item = try fields.identifier(reader, itemColumn, into: &summary)
        var kind = options.kind
        if let name = text(.kind) {
            guard let named = EventKind(name: name.lowercased()) else {
                throw Refusal(.unknownKind, "\(Cell.shown(name)) is not view, like or review")
            }
            kind = named
        }
        // Without a column for it, or where it is empty: watched to the end, liked. Stars have no default.
        var value: Float = 1
        if let index = columns[.value], let text = text(.value) {
            if kind == .review {
                value = try fields.stars(reader, index, &scale, into: &summary)
            } else {
                guard let number = Double(text), kind.accepts(Float(number)) else {
                    throw Refusal(
                        .valueOutOfRange, "\(Cell.shown(text)) is not \(kind == .view ? "in 0..1" : "1 or -1")")
                }
                value = Float(number)
            }
        } else if kind == .review {
            throw Refusal(.valueOutOfRange, "a review needs stars")
        }
        let at = try fields.time(reader, timeColumn)
        let review = try columns[.text].flatMap { column throws(Refusal) in try fields.text(reader.string(column)) }
        let eventID =
            columns[.event] == nil
            ? MadeIdentifier.named(options.source, user: user, item: item, kind: kind, at: at) : text(.event) ?? ""
        try fields.check(eventID)
        return Event(
            eventID: eventID, userID: user, itemID: item, kind: kind, value: value, reviewText: review, at: at,
            source: options.source)
    }
}
