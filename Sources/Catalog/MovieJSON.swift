public import Domain
import Foundation
import Store

/// A film on the wire: one JSON object, as the `movies` topic, catalogue files and TMDB have it.
///
/// Ours, and what ``encode(_:)`` writes:
///
///     {"item_id":"603","title":"The Matrix","overview":"…","release_date":"1999-03-31","year":1999,
///      "genres":["Action","Science Fiction"],"language":"en","runtime":136,"popularity":79.4,"vote_average":8.2,
///      "vote_count":25321,"keywords":["simulation"],"director":"…","updated_at":"2026-11-20T12:00:00Z"}
///
/// Only an identifier and a title are required. Reading also takes what other catalogues call these things, see
/// docs/catalogue.md. What is wrong in a field that is not required makes the field absent and a finding of the film; but a
/// film whose `available_from` or `available_until` cannot be read is refused: it would be shown when it must not be.
public enum MovieJSON {
    /// Longest line that is looked at, in bytes.
    public static let sizeLimit = 1 << 20

    /// Reads one film. Its text is cleaned (``MovieCleaner``); popularity and votes are not yet put in relation to the
    /// catalogue's.
    /// - Parameter updatedAt: When the film was described, if the object does not say so itself.
    /// - Throws: ``CatalogError/malformedMovie(reason:)``.
    public static func decode(_ bytes: UnsafeRawBufferPointer, updatedAt: Timestamp) throws -> Movie {
        guard bytes.count <= sizeLimit else {
            throw CatalogError.malformedMovie(reason: "\(bytes.count) bytes are more than the \(sizeLimit) allowed")
        }
        guard let object = JSONObject(parsing: Data(bytes)) else {
            throw CatalogError.malformedMovie(reason: "it is not a JSON object")
        }
        return try decode(object, updatedAt: updatedAt)
    }

    /// The same of bytes in an array.
    /// - Throws: ``CatalogError/malformedMovie(reason:)``.
    public static func decode(_ bytes: [UInt8], updatedAt: Timestamp) throws -> Movie {
        try bytes.withUnsafeBytes { try decode($0, updatedAt: updatedAt) }
    }

    static func decode(_ object: JSONObject, updatedAt: Timestamp) throws -> Movie {
        var reader = FilmReader(object)
        return try reader.film(updatedAt: updatedAt)
    }

    /// The film as one JSON object without a line break. Absent fields are left out.
    public static func encode(_ movie: Movie) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.field(MovieColumn.itemID, movie.itemID)
            $0.field(MovieColumn.title, movie.title)
            if !movie.overview.isEmpty { $0.field(MovieColumn.overview, movie.overview) }
            if let from = movie.availableFrom { $0.field(MovieColumn.availableFrom, from.description) }
            if let until = movie.availableUntil { $0.field(MovieColumn.availableUntil, until.description) }
            if let tmdbID = movie.tmdbID { $0.field(MovieColumn.tmdbID, tmdbID) }
            if movie.isPartial { $0.field(MovieColumn.isPartial, true) }
            if !movie.findings.isEmpty { $0.field(MovieColumn.findings, movie.findings.map(\.text)) }
            $0.facts(of: movie)
        }
        return json.bytes
    }
}

extension JSONWriter {
    /// What the wire form and the search document have in common.
    mutating func facts(of movie: Movie) {
        if let date = movie.releaseDate { field(MovieColumn.releaseDate, date.description) }
        if let year = movie.year { field(MovieColumn.year, Int(year)) }
        if !movie.genres.isEmpty { field(MovieColumn.genres, movie.genres) }
        if let language = movie.language { field(MovieColumn.language, language) }
        if let runtime = movie.runtime { field(MovieColumn.runtime, Int(runtime)) }
        if let popularity = movie.popularity { field(MovieColumn.popularity, popularity) }
        if let average = movie.voteAverage { field(MovieColumn.voteAverage, average) }
        if let count = movie.voteCount { field(MovieColumn.voteCount, Int(count)) }
        if !movie.keywords.isEmpty { field(MovieColumn.keywords, movie.keywords) }
        if let director = movie.director { field(MovieColumn.director, director) }
        field(MovieColumn.updatedAt, movie.updatedAt.description)
    }
}
