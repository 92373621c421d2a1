import Delimited
public import Domain

/// Reads the Netflix Prize data set: `movie_titles.txt` (or `.csv`) and `combined_data_1.txt` and on, in which a line
/// `17:` begins the ratings of film 17, each `user,stars,date`.
///
/// Titles are ISO 8859-1, unquoted, and may hold commas; an unknown year is `NULL`. A rating's day is all that is
/// known: it counts as midnight UTC.
public struct Netflix: EventImport {
    public let name = "netflix"
    private let files: ImportFiles
    private let ratings: [String]
    private let titles: String
    private let options: ImportOptions

    /// - Parameter path: the folder, or an archive of it.
    /// - Throws: `DelimitedError` if the files are not there.
    public init(path: String, options: ImportOptions = ImportOptions()) throws {
        files = try ImportFiles(path)
        self.options = options
        ratings = files.names.filter { $0.hasPrefix("combined_data") && $0.hasSuffix(".txt") }
        guard !ratings.isEmpty else {
            throw DelimitedError.unreadable(path: path, reason: "it has no combined_data_1.txt")
        }
        guard let titles = ["movie_titles.txt", "movie_titles.csv"].first(where: { [files] in files.contains($0) })
        else { throw DelimitedError.unreadable(path: path, reason: "it has no movie_titles.txt or .csv") }
        self.titles = titles
    }

    public var path: String { files.path }
    public var byteCount: Int? { files.size(of: ratings) }

    private func open(_ name: String) throws -> DelimitedReader {
        try DelimitedReader(
            files.open(name), path: files.place(of: name), format: DelimitedFormat(quote: nil, isLatin1Allowed: true))
    }

    public func forEachBatch(
        of batch: Int, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        let fields = ImportFields()
        var scale = ScaleCheck(options.scale)
        var events = ImportBatch(of: batch)
        var before = 0
        for file in ratings {
            let reader = try open(file)
            // A film goes on over the end of a file only by mistake.
            var film: Int64?
            while try reader.nextRow(countingIn: &summary, file: file) {
                if let header = filmHeader(reader) {
                    film = header
                    continue
                }
                do {
                    let event = try rating(reader, film, fields, &scale, &summary)
                    summary.acceptedEvents += 1
                    guard events.add(event) else { continue }
                    try scale.check(files.path)
                    guard try events.flush(before + reader.consumed, body) else { return }
                } catch let refusal as Refusal {
                    try reader.refuse(refusal, mayBeQuote: false, into: &summary, file: file)
                }
            }
            before += reader.consumed
        }
        try scale.check(files.path)
        _ = try events.flush(before, body)
    }

    /// `17:`
    private func filmHeader(_ reader: DelimitedReader) -> Int64? {
        guard reader.fieldCount == 1 else { return nil }
        return reader.withBytes(0) { bytes in
            guard bytes.last == UInt8(ascii: ":") else { return nil }
            return Int64(String(decoding: bytes.dropLast(), as: UTF8.self))
        }
    }

    private func rating(
        _ reader: DelimitedReader, _ film: Int64?, _ fields: ImportFields, _ scale: inout ScaleCheck,
        _ summary: inout ImportSummary
    ) throws(Refusal) -> Event {
        guard reader.fieldCount == 3 else { throw wrongWidth(reader, 3) }
        guard let film else { throw Refusal("no-film", "no line like '17:' before it") }
        let user = try fields.number(reader, 0)
        let stars = try fields.stars(reader, 1, &scale, into: &summary)
        let at = try fields.time(reader, 2)
        return Event(
            eventID: "nf-\(user)-\(film)-\(at.date)", userID: "\(user)", itemID: "\(film)", kind: .review,
            value: stars, at: at, source: name)
    }

    public func movies(into summary: inout ImportSummary) throws -> [Movie] {
        let reader = try open(titles)
        var movies = MovieList()
        let now = Timestamp.now
        while try reader.nextRow(countingIn: &summary, file: titles) {
            let lines = reader.line...reader.lastLine
            guard let id = reader.integer(0) else {
                let detail = "\(Cell.shown(reader.string(0))) is no number"
                summary.reject(Refusal("invalid-id", detail), file: titles, lines: lines)
                continue
            }
            guard reader.fieldCount >= 3 else {
                summary.reject(Refusal("missing-title"), file: titles, lines: lines)
                continue
            }
            // From the third field to the end of the line: commas belong to the title.
            let title = reader.string(from: 2, through: reader.fieldCount - 1)
            guard !Cell.isNull(title) else {
                summary.reject(Refusal("missing-title"), file: titles, lines: lines)
                continue
            }
            let year = reader.integer(1).flatMap { Int32(exactly: $0) }
            movies.add(Movie(itemID: "\(id)", title: title, year: year, updatedAt: now))
        }
        summary.acceptedMovies += movies.all.count
        return movies.all
    }
}
