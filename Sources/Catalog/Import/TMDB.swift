public import Delimited
public import Domain
import Foundation

/// Films as The Movie Database gives them out: CSV exports with JSON (or Python's lists) in their cells, pages of the API
/// (`{"results":[…]}`), single answers of the API, lists of them, or one a line.
public enum TMDB {
    /// Reads a file of any of these forms, which it tells apart by itself; packed, if need be. In a folder, its parts or
    /// pages one after the other: of several descriptions of a film the last counts.
    /// - Parameter format: how CSV is written.
    /// - Throws: `DelimitedError`, ``CatalogError/emptyCatalogue(path:rejected:)``.
    public static func read(
        _ path: String, updatedAt: Timestamp, format: DelimitedFormat = DelimitedFormat()
    ) throws -> CatalogFile.Contents {
        let files = try ImportFiles(path)
        var gathering = CatalogFile.Gathering()
        let parts = files.parts
        for part in parts {
            gathering.file = parts.count > 1 ? part : nil
            try read(files.open(part), files.place(of: part), updatedAt, format, into: &gathering)
        }
        return try gathering.finish(path)
    }

    private static func read(
        _ stream: any ByteStream, _ place: String, _ updatedAt: Timestamp, _ format: DelimitedFormat,
        into films: inout CatalogFile.Gathering
    ) throws {
        var bytes = try stream.rest()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        let first = bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return try read(csv: bytes, place, updatedAt, format, into: &films)
        }
        guard let json = try? JSONSerialization.jsonObject(with: Data(bytes)) else {
            return films.add(lines: bytes, updatedAt: updatedAt, isLatin1Allowed: format.isLatin1Allowed)
        }
        for (number, object) in RawFilms.objects(in: json).enumerated() {
            films.add(line: number + 1) {
                try MovieJSON.decode(JSONObject(object as? [String: Any] ?? [:]), updatedAt: updatedAt)
            }
        }
    }

    private static func read(
        csv bytes: [UInt8], _ place: String, _ updatedAt: Timestamp, _ format: DelimitedFormat,
        into films: inout CatalogFile.Gathering
    ) throws {
        // A part without rows may be without a header, too.
        guard !bytes.isEmpty else { return }
        let reader = try DelimitedReader(BytesStream(bytes), path: place, format: format)
        let names = try Header(reader, path: place).names.map { $0.lowercased() }
        for wanted in [["item_id", "id"], ["title", "name", "original_title"]]
        where !wanted.contains(where: names.contains) {
            throw DelimitedError.missingColumns(
                path: place, missing: [wanted.joined(separator: " or ")], found: names.map { Cell.shown($0) })
        }
        while true {
            switch try reader.next() {
            case .end: return
            case .refused(let reason):
                films.reject(
                    line: reader.line,
                    reason.rawValue + (reason == .invalidUTF8 ? ": not UTF-8; --latin-1 reads ISO 8859-1" : ""))
            case .row:
                // A record that is cut short or runs over would be read into the wrong fields.
                guard reader.fieldCount == names.count else {
                    let count = reader.fieldCount
                    let isLong = reader.lastLine > reader.line
                    try reader.resumeBehindFirstLine()
                    films.reject(
                        line: reader.line,
                        isLong ? "unclosed-quote" : "wrong-number-of-fields: \(count) and not \(names.count)")
                    continue
                }
                let values = (0..<names.count).map { reader.string($0) as Any }
                films.add(line: reader.line) {
                    try MovieJSON.decode(
                        JSONObject(Dictionary(zip(names, values)) { $1 }), updatedAt: updatedAt)
                }
            }
        }
    }

    /// Gives films that are known by other identifiers TMDB's text and figures.
    ///
    /// A film keeps its identifier, title and genres; what it lacks otherwise comes from TMDB.
    /// - Parameters:
    ///   - links: MovieLens's `links.csv`: `movieId,imdbId,tmdbId`, whole numbers also as `862.0`.
    /// - Returns: All the films, and how many were found.
    /// - Throws: `DelimitedError` if the links cannot be read.
    public static func describe(
        _ movies: [Movie], links: String, from films: [Movie]
    ) throws -> (movies: [Movie], found: Int) {
        let files = try ImportFiles(links)
        guard files.parts.count == 1, let file = files.parts.first else {
            throw DelimitedError.unreadable(path: links, reason: "it must be one file")
        }
        let reader = try DelimitedReader(files.open(file), path: links)
        let columns = try Header(reader, path: links).indices(of: ["movieId", "tmdbId"], path: links)
        var identifiers: [ExactText: ExactText] = [:]
        while true {
            let step = try reader.next()
            if step == .end { break }
            guard step == .row, reader.fieldCount > max(columns[0], columns[1]),
                let ours = Cell.identifier(reader.string(columns[0])),
                let theirs = Cell.identifier(reader.string(columns[1]))
            else { continue }
            identifiers[ExactText(ours)] = ExactText(theirs)
        }
        let described = Dictionary(films.map { (ExactText($0.itemID), $0) }) { $1 }
        var found = 0
        let joined = movies.map { movie in
            guard let film = identifiers[ExactText(movie.itemID)].flatMap({ described[$0] }) else { return movie }
            found += 1
            return movie.joined(with: film)
        }
        return (MovieCleaner.clean(joined), found)
    }
}
