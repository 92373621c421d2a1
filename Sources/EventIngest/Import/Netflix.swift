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

    /// - Parameter path: the folder, or an archive of it.
    /// - Throws: ``IngestError/unreadableImport(path:reason:)`` if the files are not there.
    public init(path: String) throws {
        files = try ImportFiles(path)
        ratings = files.names.filter { $0.hasPrefix("combined_data") && $0.hasSuffix(".txt") }
        guard !ratings.isEmpty else {
            throw IngestError.unreadableImport(path: path, reason: "it has no combined_data_1.txt")
        }
        guard let titles = ["movie_titles.txt", "movie_titles.csv"].first(where: { [files] in files.contains($0) })
        else { throw IngestError.unreadableImport(path: path, reason: "it has no movie_titles.txt or .csv") }
        self.titles = titles
    }

    public var digestedFile: String { files.digestedFile(ratings[0]) }
    public var byteCount: Int? {
        var sum = 0
        for name in ratings {
            guard let size = files.size(of: name) else { return nil }
            sum += size
        }
        return sum
    }

    public func forEachBatch(
        of batch: Int, into summary: inout ImportSummary, _ body: ([Event], _ bytesRead: Int) throws -> Bool
    ) throws {
        var events = ImportBatch(of: batch)
        var before = 0
        for file in ratings {
            let reader = try DelimitedReader(files.open(file), quoted: false)
            // A film goes on over the end of a file only by mistake.
            var film: Int64?
            while try reader.next(countingIn: &summary, file: file) {
                if let header = filmHeader(reader) {
                    film = header
                    continue
                }
                switch rating(reader, film) {
                case .failure(let refusal): summary.reject(refusal.reason, file: file, line: reader.line)
                case .success(let event):
                    summary.acceptedEvents += 1
                    guard try events.add(event, before + reader.consumed, body) else { return }
                }
            }
            before += reader.consumed
        }
        _ = try events.flush(before, body)
    }

    /// `17:`
    private func filmHeader(_ reader: DelimitedReader) -> Int64? {
        guard reader.fields.count == 1, reader.bytes[reader.fields[0]].last == UInt8(ascii: ":") else { return nil }
        return Int64(reader.string(0).dropLast())
    }

    private func rating(_ reader: DelimitedReader, _ film: Int64?) -> Result<Event, Refusal> {
        guard reader.fields.count == 3 else { return .failure(Refusal("wrong-number-of-fields")) }
        guard let film else { return .failure(Refusal("no-film")) }
        guard let user = reader.integer(0) else { return .failure(Refusal("invalid-id")) }
        guard let stars = reader.number(1), EventKind.review.accepts(Float(stars)) else {
            return .failure(Refusal(.valueOutOfRange))
        }
        guard let day = CalendarDate(reader.string(2)) else { return .failure(Refusal(.invalidTime)) }
        return .success(
            Event(
                eventID: "nf-\(user)-\(film)-\(day)", userID: "\(user)", itemID: "\(film)", kind: .review,
                value: Float(stars), at: day.start, source: name))
    }

    public func movies(into summary: inout ImportSummary) throws -> [Movie] {
        let reader = try DelimitedReader(files.open(titles), quoted: false)
        var movies: [Movie] = []
        let now = Timestamp.now
        while try reader.next(countingIn: &summary, file: titles) {
            guard let id = reader.integer(0) else {
                summary.reject("invalid-id", file: titles, line: reader.line)
                continue
            }
            guard reader.fields.count >= 3, let last = reader.fields.last else {
                summary.reject("missing-title", file: titles, line: reader.line)
                continue
            }
            // From the third field to the end of the line: commas belong to the title.
            let title = latin1(reader.bytes[reader.fields[2].lowerBound..<last.upperBound])
            let year = reader.integer(1).flatMap { Int32(exactly: $0) }
            movies.append(Movie(itemID: "\(id)", title: title, year: year, updatedAt: now))
            summary.acceptedMovies += 1
        }
        return movies
    }
}
