public import Domain
import Foundation

/// Reads the folders GroupLens publishes: the CSV layout (latest, 20M, 25M, 32M), 1M's `::` and 100k's tabs.
///
/// Ratings become review events. An event's identifier is made from user, film and time, so importing twice, or once to
/// the store and once through Kafka, gives the same events.
public struct MovieLens: Sendable {
    public let folder: String
    private let layout: MovieLensLayout

    /// - Throws: ``IngestError/unreadableImport(path:reason:)`` if the folder has none of the layouts.
    public init(folder: String) throws {
        self.folder = folder
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw IngestError.unreadableImport(path: folder, reason: "there is no such folder")
        }
        guard isFolder.boolValue else {
            throw IngestError.unreadableImport(path: folder, reason: "it is a file; unpack it and give the folder")
        }
        let known = [MovieLensLayout.csv, .million, .hundredThousand]
        guard let layout = known.first(where: { FileManager.default.fileExists(atPath: "\(folder)/\($0.ratings)") })
        else {
            throw IngestError.unreadableImport(
                path: folder, reason: "it has neither ratings.csv nor ratings.dat nor u.data")
        }
        self.layout = layout
    }

    /// The file of ratings: its size is the whole of the bytes that ``forEachBatch(of:into:_:)`` reports.
    public var ratingsFile: String { "\(folder)/\(layout.ratings)" }

    /// Reads the ratings in batches of at most `batch` events, in the order of the file. Blocks; memory is bounded by
    /// the batch.
    /// - Parameter body: gets each batch, and the bytes read so far. Returns false to stop.
    public func forEachBatch(
        of batch: Int = 50_000, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        let reader = try DelimitedReader(
            path: ratingsFile, separator: layout.ratingSeparator, quoted: layout.isQuoted)
        var events: [Event] = []
        events.reserveCapacity(batch)
        var isFirst = true
        while try advance(reader, layout.ratings, &summary) {
            let isHeader = isFirst && layout.hasHeader && reader.integer(0) == nil
            isFirst = false
            if isHeader { continue }
            switch rating(reader) {
            case .failure(let refusal): summary.reject(refusal.reason, file: layout.ratings, line: reader.line)
            case .success(let event):
                events.append(event)
                summary.acceptedEvents += 1
            }
            if events.count == batch {
                guard try body(events, reader.consumed) else { return }
                events.removeAll(keepingCapacity: true)
            }
        }
        if !events.isEmpty { _ = try body(events, reader.consumed) }
    }

    private struct Refusal: Error { var reason: String }

    private func rating(_ reader: DelimitedReader) -> Result<Event, Refusal> {
        guard reader.fields.count == 4 else { return .failure(Refusal(reason: "wrong-number-of-fields")) }
        guard let user = reader.integer(0), let item = reader.integer(1) else {
            return .failure(Refusal(reason: "invalid-id"))
        }
        guard let stars = reader.number(2), EventKind.review.accepts(Float(stars)) else {
            return .failure(Refusal(reason: RejectReason.valueOutOfRange.rawValue))
        }
        guard let seconds = reader.integer(3), seconds > 0, seconds < 253_402_300_800 else {
            return .failure(Refusal(reason: RejectReason.invalidTime.rawValue))
        }
        return .success(
            Event(
                eventID: "ml-\(user)-\(item)-\(seconds)", userID: "\(user)", itemID: "\(item)", kind: .review,
                value: Float(stars), at: Timestamp(seconds: seconds), source: "movielens"))
    }

    /// The catalogue: title and year apart, genres, and articles back in front (`Matrix, The` → `The Matrix`).
    public func movies(into summary: inout ImportSummary) throws -> [Movie] {
        let reader = try DelimitedReader(
            path: "\(folder)/\(layout.movies)", separator: layout.movieSeparator, quoted: layout.isQuoted)
        var movies: [Movie] = []
        let now = Timestamp.now
        var isFirst = true
        while try advance(reader, layout.movies, &summary) {
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

    /// The next row that is well-formed; malformed ones are counted.
    private func advance(
        _ reader: DelimitedReader, _ file: String, _ summary: inout ImportSummary
    ) throws -> Bool {
        while true {
            do {
                return try reader.next()
            } catch let failure as DelimitedReader.Failure {
                summary.reject(failure.rawValue, file: file, line: reader.line)
            }
        }
    }
}

/// ISO 8859-1, whose bytes are the first 256 code points.
func latin1(_ bytes: some Collection<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
}
