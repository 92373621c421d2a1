public import Domain
import Foundation

/// Reads events from separated values of any layout, by a map of their columns.
///
/// Times are RFC 3339, `2026-11-20`, `2026-11-20 12:00:00` (UTC), or seconds, milliseconds or microseconds since 1970,
/// told apart by their size. Where no column holds the event's identifier, it is made from user, item, kind and time, so
/// that importing again gives the same events.
public struct MappedCSV: EventImport {
    public struct Options: Sendable {
        public var separator = ","
        /// Of events whose map has no column for it.
        public var kind = EventKind.review
        /// Whether the first line names the columns; without, the map has numbers.
        public var hasHeader = true
        /// Whether texts are ISO 8859-1 and not UTF-8.
        public var isLatin1 = false
        public var source = "csv"

        public init() {}
    }

    public let name = "csv"
    private let files: ImportFiles
    private let file: String
    private let map: ColumnMap
    private let options: Options
    private let limits = EventLimits()

    /// - Parameter path: the file; packed by gzip, zstd, xz or in a zip of its own if need be.
    /// - Throws: ``IngestError/unreadableImport(path:reason:)``, ``IngestError/invalidSetting(name:reason:)`` if the map
    ///   names a column the file does not have.
    public init(path: String, map: ColumnMap, options: Options = Options()) throws {
        files = try ImportFiles(path)
        guard files.names.count == 1, let file = files.names.first else {
            throw IngestError.unreadableImport(path: path, reason: "it must be one file, or hold just one")
        }
        self.file = file
        self.map = map
        self.options = options
        var summary = ImportSummary()
        _ = try columns(reader(), &summary)
        if options.kind == .review, map.columns[.value] == nil, map.columns[.kind] == nil {
            throw IngestError.invalidSetting(
                name: "--map", reason: "reviews need value=COLUMN for their stars; other events --kind view or like")
        }
    }

    public var digestedFile: String { files.path }
    public var byteCount: Int? { files.size(of: file) }
    public var variant: String {
        let columns = map.columns.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue)=\($0.value)" }
        let form = [options.separator, "\(options.hasHeader)", "\(options.isLatin1)"]
        return (columns + form + [options.kind.name, options.source]).joined(separator: ",")
    }

    public func movies(into summary: inout ImportSummary) throws -> [Movie] { [] }

    private func reader() throws -> DelimitedReader {
        try DelimitedReader(files.open(file), separator: options.separator, quoted: true)
    }

    /// The position of each mapped field, after the header was passed.
    private func columns(_ reader: DelimitedReader, _ summary: inout ImportSummary) throws -> [ColumnMap.Field: Int] {
        var names: [String] = []
        if options.hasHeader {
            guard try reader.next(countingIn: &summary, file: file) else {
                throw IngestError.unreadableImport(
                    path: files.path, reason: "it has no first line with names of columns")
            }
            names = reader.fields.indices.map { reader.string($0).trimmingCharacters(in: .whitespaces) }
        }
        return try map.columns.mapValues { column in
            if let index = names.firstIndex(of: column) { return index }
            if !options.hasHeader, let number = Int(column), number > 0 { return number - 1 }
            let known =
                names.isEmpty ? "columns are numbered from 1" : "its columns are \(names.joined(separator: ", "))"
            throw IngestError.invalidSetting(name: "--map", reason: "\(files.path) has no column \(column); \(known)")
        }
    }

    public func forEachBatch(
        of batch: Int, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        let reader = try reader()
        let columns = try columns(reader, &summary)
        let latest = Timestamp.now.advanced(bySeconds: limits.clockSkew)
        var events = ImportBatch(of: batch)
        while try reader.next(countingIn: &summary, file: file) {
            do {
                let event = try event(reader, columns, latest)
                summary.acceptedEvents += 1
                guard try events.add(event, reader.consumed, body) else { return }
            } catch let refusal as Refusal {
                summary.reject(refusal.reason, file: file, line: reader.line)
            }
        }
        _ = try events.flush(reader.consumed, body)
    }

    private func event(
        _ reader: DelimitedReader, _ columns: [ColumnMap.Field: Int], _ latest: Timestamp
    ) throws -> Event {
        func text(_ field: ColumnMap.Field) throws -> String? {
            guard let index = columns[field] else { return nil }
            guard index < reader.fields.count else { throw Refusal("wrong-number-of-fields") }
            let bytes = reader.bytes[reader.fields[index]]
            if options.isLatin1 { return latin1(bytes) }
            guard bytes.withUnsafeBufferPointer(isUTF8) else { throw Refusal(.invalidUTF8) }
            return String(decoding: bytes, as: UTF8.self)
        }
        let user = try text(.user) ?? ""
        let item = try text(.item) ?? ""
        guard let at = Self.time(try text(.at) ?? "") else { throw Refusal(.invalidTime) }
        var kind = options.kind
        if let name = try text(.kind) {
            guard let named = EventKind(name: name) else { throw Refusal(.unknownKind) }
            kind = named
        }
        // Without a column for it, or where it is empty: watched to the end, liked. Stars have no default.
        var value: Float? = kind == .review ? nil : 1
        if let index = columns[.value], let text = try text(.value), !text.isEmpty {
            value = reader.number(index).map { Float($0) }
        }
        guard let value, kind.accepts(value) else { throw Refusal(.valueOutOfRange) }
        let review = try text(.text)
        let event = Event(
            eventID: try text(.event) ?? "\(options.source)-\(user)-\(item)-\(kind.name)-\(at.microseconds)",
            userID: user, itemID: item, kind: kind, value: value, reviewText: review?.isEmpty == true ? nil : review,
            at: at, source: options.source)
        guard !event.eventID.isEmpty, !user.isEmpty, !item.isEmpty else { throw Refusal(.emptyID) }
        for id in [event.eventID, user, item] where id.utf8.count > limits.idLength { throw Refusal(.longID) }
        guard (event.reviewText?.utf8.count ?? 0) <= limits.textLength else { throw Refusal(.longText) }
        guard at >= limits.earliest, at <= latest else { throw Refusal(.timeOutOfWindow) }
        return event
    }

    /// Numbers of up to 11 digits are seconds (until the year 5138), up to 14 milliseconds, up to 17 microseconds.
    static func time(_ text: String) -> Timestamp? {
        if let number = Int64(text), number > 0 {
            switch text.utf8.count {
            case ...11: return Timestamp(seconds: number)
            case ...14: return Timestamp(microseconds: number * 1000)
            case ...17: return Timestamp(microseconds: number)
            default: return nil
            }
        }
        if text.utf8.count == 10 { return CalendarDate(text)?.start }
        return Timestamp(text) ?? Timestamp(text + "Z")
    }
}
