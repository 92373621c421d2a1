import Delimited
public import Domain
import Foundation

/// Reads the data sets GroupLens publishes: the CSV layout (latest, 20M, 25M, 32M), `::` of 1M and 10M, and 100k's tabs.
///
/// Ratings become review events. An event's identifier is made from user, film and time, so importing twice, or once to
/// the store and once through Kafka, gives the same events.
public struct MovieLens: EventImport {
    public let name = "movielens"
    private let files: ImportFiles
    private let layout: MovieLensLayout
    private let options: ImportOptions

    /// - Parameter path: the unpacked folder, or the zip as it is published.
    /// - Throws: `DelimitedError` if it has none of the layouts, or if the first line of a CSV file lacks a column.
    public init(path: String, options: ImportOptions = ImportOptions()) throws {
        files = try ImportFiles(path)
        self.options = options
        let known = [MovieLensLayout.csv, .million, .hundredThousand]
        guard let layout = known.first(where: { [files] in files.contains($0.ratings) }) else {
            throw DelimitedError.unreadable(
                path: path, reason: "it has neither ratings.csv nor ratings.dat nor u.data")
        }
        guard files.contains(layout.movies) else {
            throw DelimitedError.unreadable(path: path, reason: "it has \(layout.ratings) and no \(layout.movies)")
        }
        self.layout = layout
        _ = try open(layout.ratings, layout.ratingSeparator, layout.ratingColumns)
        _ = try open(layout.movies, layout.movieSeparator, layout.movieColumns)
    }

    public var path: String { files.path }
    public var byteCount: Int? { files.size(of: layout.ratings) }

    /// A file behind its header, and where the columns stand.
    private func open(
        _ name: String, _ separator: String, _ columns: MovieLensLayout.Columns
    ) throws -> (reader: DelimitedReader, columns: [Int], width: Int) {
        let place = files.place(of: name)
        let format = DelimitedFormat(
            separator: separator, quote: layout.isQuoted ? UInt8(ascii: "\"") : nil,
            isLatin1Allowed: layout.isLatin1 || options.isLatin1)
        let reader = try DelimitedReader(files.open(name), path: place, format: format)
        switch columns {
        case .numbered(let columns, let width): return (reader, columns, width)
        case .named(let names):
            let header = try Header(reader, path: place)
            return (reader, try header.indices(of: names, path: place), header.names.count)
        }
    }

    public func forEachBatch(
        of batch: Int = 50_000, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        let file = layout.ratings
        let (reader, columns, width) = try open(file, layout.ratingSeparator, layout.ratingColumns)
        let (user, item, value, time) = (columns[0], columns[1], columns[2], columns[3])
        let fields = ImportFields()
        var scale = ScaleCheck(options.scale)
        var events = ImportBatch(of: batch)
        while try reader.nextRow(countingIn: &summary, file: file) {
            guard reader.fieldCount == width else {
                try reader.refuse(wrongWidth(reader, width), mayBeQuote: true, into: &summary, file: file)
                continue
            }
            do {
                let user = try fields.number(reader, user)
                let item = try fields.number(reader, item)
                let stars = try fields.stars(reader, value, &scale, into: &summary)
                let at = try fields.time(reader, time)
                summary.acceptedEvents += 1
                summary.accept(reader, file: file)
                let isFull = events.add(
                    Event(
                        eventID: MadeIdentifier.numbered("ml", user: user, item: item, at: at), userID: "\(user)",
                        itemID: "\(item)", kind: .review, value: stars, at: at, source: "movielens"))
                guard isFull else { continue }
                try scale.check(files.path)
                guard try events.flush(reader.consumed, body) else { return }
            } catch let refusal as Refusal {
                try reader.refuse(refusal, mayBeQuote: true, into: &summary, file: file)
            }
        }
        try scale.check(files.path)
        _ = try events.flush(reader.consumed, body)
    }

    /// The catalogue: title and year apart, genres, and articles back in front (`Matrix, The` → `The Matrix`); the films'
    /// identifiers at TMDB from `links.csv`, and the tags that users gave them as keywords, where the edition has them.
    public func movies(into summary: inout ImportSummary) throws -> [Movie] {
        let file = layout.movies
        let (reader, columns, width) = try open(file, layout.movieSeparator, layout.movieColumns)
        var movies = MovieList()
        let now = Timestamp.now
        let (links, tags) = (try links(), try tags())
        while try reader.nextRow(countingIn: &summary, file: file) {
            guard reader.fieldCount == width else {
                try reader.refuse(wrongWidth(reader, width), mayBeQuote: true, into: &summary, file: file)
                continue
            }
            guard let id = reader.integer(columns[0]) else {
                let detail = "\(Cell.shown(reader.string(columns[0]))) is no number"
                try reader.refuse(Refusal("invalid-id", detail), mayBeQuote: true, into: &summary, file: file)
                continue
            }
            let (title, year) = MovieLensTitle.split(reader.string(columns[1]))
            guard !title.isEmpty else {
                try reader.refuse(Refusal("missing-title"), mayBeQuote: false, into: &summary, file: file)
                continue
            }
            summary.accept(reader, file: file)
            movies.add(
                Movie(
                    itemID: "\(id)", title: title, year: year, genres: genres(reader, columns[2]),
                    keywords: tags[id] ?? [], updatedAt: now, tmdbID: links[id]))
        }
        summary.acceptedMovies += movies.all.count
        return movies.all
    }

    /// TMDB's identifiers by ours. What cannot be read is no link: the film is there without.
    private func links() throws -> [Int64: String] {
        var links: [Int64: String] = [:]
        try forEachRow(of: "links.csv", ["movieId", "tmdbId"]) { reader, columns in
            if let id = reader.integer(columns[0]) { links[id] = Cell.identifier(reader.string(columns[1])) }
        }
        return links
    }

    /// The tags of each film, those of most users first, at most ``tagLimit``.
    private func tags() throws -> [Int64: [String]] {
        var counts: [Int64: [String: Int]] = [:]
        try forEachRow(of: "tags.csv", ["movieId", "tag"]) { reader, columns in
            let tag = reader.string(columns[1]).trimmingCharacters(in: .whitespaces).lowercased()
            if let id = reader.integer(columns[0]), !tag.isEmpty { counts[id, default: [:]][tag, default: 0] += 1 }
        }
        return counts.mapValues { tags in
            tags.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.tagLimit).map(\.key)
        }
    }

    private static let tagLimit = 20

    /// The well-formed rows of a file beside the two that every edition has; none where this one has no such file.
    private func forEachRow(of file: String, _ names: [String], _ body: (DelimitedReader, [Int]) -> Void) throws {
        guard files.contains(file) else { return }
        let (reader, columns, width) = try open(file, layout.movieSeparator, .named(names))
        while true {
            switch try reader.next() {
            case .end: return
            case .refused: continue
            case .row: if reader.fieldCount == width { body(reader, columns) }
            }
        }
    }

    /// - Parameter first: the column of the genres, or the first of their flags.
    private func genres(_ reader: DelimitedReader, _ first: Int) -> [String] {
        guard layout.hasGenreFlags else {
            return reader.string(first).split(separator: "|").map(String.init).filter { $0 != "(no genres listed)" }
        }
        // Nineteen columns of 0 or 1; the first of them stands for "unknown".
        let names = MovieLensLayout.flagGenres
        return names.indices.filter { $0 > 0 && reader.integer(first + $0) == 1 }.map { names[$0] }
    }
}

/// What a user may say about a data set that is read by its layout.
public struct ImportOptions: Sendable {
    /// The scale of its ratings; nil for stars, where a file that has others is refused.
    public var scale: RatingScale?
    /// Whether what is not UTF-8 is ISO 8859-1; otherwise it is refused.
    public var isLatin1 = false

    /// Stars, in UTF-8.
    public init() {}
}

/// The films of a file in its order, of several with one identifier the last.
struct MovieList {
    private(set) var all: [Movie] = []
    private var places: [String: Int] = [:]

    mutating func add(_ movie: Movie) {
        if let place = places[movie.itemID] {
            all[place] = movie
        } else {
            places[movie.itemID] = all.count
            all.append(movie)
        }
    }
}

func wrongWidth(_ reader: DelimitedReader, _ width: Int) -> Refusal {
    Refusal("wrong-number-of-fields", "\(reader.fieldCount) and not \(width)")
}
