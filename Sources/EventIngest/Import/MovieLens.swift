public import Domain

/// Reads the data sets GroupLens publishes: the CSV layout (latest, 20M, 25M, 32M), 1M's `::` and 100k's tabs.
///
/// Ratings become review events. An event's identifier is made from user, film and time, so importing twice, or once to
/// the store and once through Kafka, gives the same events.
public struct MovieLens: EventImport {
    public let name = "movielens"
    private let files: ImportFiles
    private let layout: MovieLensLayout

    /// - Parameter path: the unpacked folder, or the zip as it is published.
    /// - Throws: ``IngestError/unreadableImport(path:reason:)`` if it has none of the layouts.
    public init(path: String) throws {
        files = try ImportFiles(path)
        let known = [MovieLensLayout.csv, .million, .hundredThousand]
        guard let layout = known.first(where: { [files] in files.contains($0.ratings) }) else {
            throw IngestError.unreadableImport(
                path: path, reason: "it has neither ratings.csv nor ratings.dat nor u.data")
        }
        self.layout = layout
    }

    public var digestedFile: String { files.digestedFile(layout.ratings) }
    public var byteCount: Int? { files.size(of: layout.ratings) }

    public func forEachBatch(
        of batch: Int = 50_000, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        let reader = try DelimitedReader(
            files.open(layout.ratings), separator: layout.ratingSeparator, quoted: layout.isQuoted)
        var events = ImportBatch(of: batch)
        var isFirst = true
        while try reader.next(countingIn: &summary, file: layout.ratings) {
            let isHeader = isFirst && layout.hasHeader && reader.integer(0) == nil
            isFirst = false
            if isHeader { continue }
            switch rating(reader) {
            case .failure(let refusal): summary.reject(refusal.reason, file: layout.ratings, line: reader.line)
            case .success(let event):
                summary.acceptedEvents += 1
                guard try events.add(event, reader.consumed, body) else { return }
            }
        }
        _ = try events.flush(reader.consumed, body)
    }

    private func rating(_ reader: DelimitedReader) -> Result<Event, Refusal> {
        guard reader.fields.count == 4 else { return .failure(Refusal("wrong-number-of-fields")) }
        guard let user = reader.integer(0), let item = reader.integer(1) else {
            return .failure(Refusal("invalid-id"))
        }
        guard let stars = reader.number(2), EventKind.review.accepts(Float(stars)) else {
            return .failure(Refusal(.valueOutOfRange))
        }
        guard let seconds = reader.integer(3), seconds > 0, seconds < 253_402_300_800 else {
            return .failure(Refusal(.invalidTime))
        }
        return .success(
            Event(
                eventID: "ml-\(user)-\(item)-\(seconds)", userID: "\(user)", itemID: "\(item)", kind: .review,
                value: Float(stars), at: Timestamp(seconds: seconds), source: "movielens"))
    }

    /// The catalogue: title and year apart, genres, and articles back in front (`Matrix, The` → `The Matrix`).
    public func movies(into summary: inout ImportSummary) throws -> [Movie] {
        let reader = try DelimitedReader(
            files.open(layout.movies), separator: layout.movieSeparator, quoted: layout.isQuoted)
        var movies: [Movie] = []
        let now = Timestamp.now
        var isFirst = true
        while try reader.next(countingIn: &summary, file: layout.movies) {
            let isHeader = isFirst && layout.hasHeader && reader.integer(0) == nil
            isFirst = false
            if isHeader { continue }
            guard reader.fields.count >= 3, let id = reader.integer(0) else {
                summary.reject("invalid-id", file: layout.movies, line: reader.line)
                continue
            }
            let (title, year) = MovieLensTitle.split(text(reader, 1))
            guard !title.isEmpty else {
                summary.reject("missing-title", file: layout.movies, line: reader.line)
                continue
            }
            movies.append(Movie(itemID: "\(id)", title: title, year: year, genres: genres(reader), updatedAt: now))
            summary.acceptedMovies += 1
        }
        return movies
    }

    private func genres(_ reader: DelimitedReader) -> [String] {
        guard layout.hasGenreFlags else {
            return text(reader, 2).split(separator: "|").map(String.init).filter { $0 != "(no genres listed)" }
        }
        // The last nineteen columns are 0 or 1; the first of them stands for "unknown".
        let names = MovieLensLayout.flagGenres
        let first = reader.fields.count - names.count
        guard first > 2 else { return [] }
        return names.indices.filter { $0 > 0 && reader.integer(first + $0) == 1 }.map { names[$0] }
    }

    private func text(_ reader: DelimitedReader, _ field: Int) -> String {
        guard layout.isLatin1 else { return reader.string(field) }
        return latin1(reader.bytes[reader.fields[field]])
    }
}

/// ISO 8859-1, whose bytes are the first 256 code points.
func latin1(_ bytes: some Collection<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
}
