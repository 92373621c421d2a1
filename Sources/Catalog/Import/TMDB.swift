public import Domain
import Foundation

/// Films as The Movie Database gives them out: CSV exports with JSON in their cells, pages of the API
/// (`{"results":[…]}`), single answers of the API, lists of them, or one a line.
public enum TMDB {
    /// Reads a file of any of these forms, which it tells apart by itself.
    /// - Throws: ``CatalogError/unreadable(path:reason:)``, ``CatalogError/emptyCatalogue(path:rejected:)``.
    public static func read(_ path: String, updatedAt: Timestamp) throws -> CatalogFile.Contents {
        let data = try CatalogFile.contents(of: path)
        let first = data.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return try gather(records(ofCSV: data), path, updatedAt)
        }
        guard let json = try? JSONSerialization.jsonObject(with: data) else {
            return try CatalogFile.read(path, updatedAt: updatedAt)
        }
        let objects =
            switch json {
            case let list as [Any]: list
            case let object as [String: Any]: object["results"] as? [Any] ?? [object]
            default: [Any]()
            }
        return try gather(objects.enumerated().map { ($0 + 1, $1 as? [String: Any] ?? [:]) }, path, updatedAt)
    }

    /// Gives films that are known by other identifiers TMDB's text and figures.
    ///
    /// A film keeps its identifier, title and genres; what it lacks otherwise comes from TMDB.
    /// - Parameters:
    ///   - links: MovieLens's `links.csv`: `movieId,imdbId,tmdbId`.
    /// - Returns: All the films, and how many were found.
    /// - Throws: ``CatalogError/unreadable(path:reason:)`` if the links cannot be read.
    public static func describe(
        _ movies: [Movie], links: String, from films: [Movie]
    ) throws -> (movies: [Movie], found: Int) {
        var reader = CSVReader(try CatalogFile.contents(of: links))
        let header = reader.next()?.cells ?? []
        guard let ours = header.firstIndex(of: "movieId"), let theirs = header.firstIndex(of: "tmdbId") else {
            throw CatalogError.unreadable(path: links, reason: "it has no columns movieId and tmdbId")
        }
        var identifiers: [String: String] = [:]
        while let record = reader.next() {
            guard record.cells.count > max(ours, theirs) else { continue }
            identifiers[record.cells[ours]] = record.cells[theirs]
        }
        let described = Dictionary(films.map { ($0.itemID, $0) }) { $1 }
        var found = 0
        let joined = movies.map { movie in
            guard let film = identifiers[movie.itemID].flatMap({ described[$0] }) else { return movie }
            found += 1
            return Movie(
                itemID: movie.itemID, title: movie.title,
                overview: movie.overview.isEmpty ? film.overview : movie.overview,
                releaseDate: movie.releaseDate ?? film.releaseDate, year: movie.year ?? film.year,
                genres: movie.genres.isEmpty ? film.genres : movie.genres,
                language: movie.language ?? film.language, runtime: movie.runtime ?? film.runtime,
                popularity: movie.popularity ?? film.popularity, voteAverage: movie.voteAverage ?? film.voteAverage,
                voteCount: movie.voteCount ?? film.voteCount,
                keywords: movie.keywords.isEmpty ? film.keywords : movie.keywords,
                director: movie.director ?? film.director, updatedAt: max(movie.updatedAt, film.updatedAt))
        }
        return (MovieCleaner.clean(joined), found)
    }

    // MARK: Records

    private static func records(ofCSV data: Data) -> [(line: Int, values: [String: Any])] {
        var reader = CSVReader(data)
        let header = reader.next()?.cells ?? []
        var records: [(line: Int, values: [String: Any])] = []
        while let record = reader.next() {
            // A record that is cut short or runs over is no film: without an identifier it is rejected.
            guard record.cells.count == header.count else {
                records.append((record.line, [:]))
                continue
            }
            let values = record.cells.map { cell -> Any in
                guard cell.hasPrefix("[") || cell.hasPrefix("{") else { return cell }
                return (try? JSONSerialization.jsonObject(with: Data(cell.utf8))) ?? cell
            }
            records.append((record.line, Dictionary(zip(header, values)) { $1 }))
        }
        return records
    }

    private static func gather(
        _ records: [(line: Int, values: [String: Any])], _ path: String, _ updatedAt: Timestamp
    ) throws -> CatalogFile.Contents {
        var contents = CatalogFile.Gathering()
        for record in records {
            contents.add(line: record.line) { try MovieJSON.decode(JSONObject(record.values), updatedAt: updatedAt) }
        }
        return try contents.finish(path)
    }
}

/// TMDB's genres of films by number, which pages of its API name by number only.
let genreNames: [Int: String] = [
    28: "Action", 12: "Adventure", 16: "Animation", 35: "Comedy", 80: "Crime", 99: "Documentary", 18: "Drama",
    10751: "Family", 14: "Fantasy", 36: "History", 27: "Horror", 10402: "Music", 9648: "Mystery", 10749: "Romance",
    878: "Science Fiction", 10770: "TV Movie", 53: "Thriller", 10752: "War", 37: "Western",
]
