import Delimited
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
/// docs/catalogue.md. What is wrong in a field that is not required makes the field absent, not the film; but a film whose
/// `available_from` or `available_until` cannot be read is refused: it would be shown when it must not be.
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
        guard let id = object.identifier("item_id") ?? object.identifier("id") else {
            throw CatalogError.malformedMovie(reason: "it has no id, or one that is empty or longer than 256 bytes")
        }
        guard let title = object.text("title") ?? object.text("name") ?? object.text("original_title") else {
            throw CatalogError.malformedMovie(reason: "it has no title")
        }
        guard title.unicodeScalars.contains(where: { !MovieCleaner.isBlank($0) }) else {
            throw CatalogError.malformedMovie(reason: "its title is blank")
        }
        let (from, until) = try availability(object)
        let day = object.text("release_date").flatMap(MovieCleaner.date)
        let votes = object.integer("vote_count").flatMap { Int32(exactly: $0) }.flatMap { $0 >= 0 ? $0 : nil }
        let average = object.number("vote_average").flatMap { (0...10).contains($0) ? Float($0) : nil }
        return MovieCleaner.clean(
            Movie(
                itemID: id, title: title,
                overview: object.prose("overview") ?? object.prose("synopsis") ?? object.prose("description") ?? "",
                releaseDate: day,
                year: object.integer("year").flatMap(MovieCleaner.year)
                    ?? object.text("release_date").flatMap { Int($0.prefix(4)) }.flatMap(MovieCleaner.year),
                genres: object.names("genres") ?? object.names("genre") ?? object.genresByNumber ?? [],
                language: object.text("language") ?? object.text("original_language"),
                runtime: object.integer("runtime").flatMap { (1...10_000).contains($0) ? Int32($0) : nil },
                popularity: object.number("popularity").flatMap { (0...1e9).contains($0) ? Float($0) : nil },
                // TMDB writes 0 for "nobody voted".
                voteAverage: votes == 0 && average == 0 ? nil : average,
                voteCount: votes,
                keywords: object.names("keywords") ?? [],
                director: object.prose("director") ?? object.directorOfCredits,
                availableFrom: from, availableUntil: until,
                updatedAt: object.text("updated_at").flatMap { Timestamp($0) } ?? updatedAt))
    }

    /// A time, or a day for its beginning; absent, null and blank are no bound.
    private static func availability(_ object: JSONObject) throws -> (from: Timestamp?, until: Timestamp?) {
        func time(_ name: String) throws -> Timestamp? {
            guard let value = object.values[name], !(value is NSNull) else { return nil }
            guard let text = value as? String else {
                throw CatalogError.malformedMovie(reason: "its \(name) is no time")
            }
            let trimmed = text.trimmingCharacters(in: .whitespaces)
            guard Cell.identifier(trimmed) != nil else { return nil }
            guard let time = Timestamp(trimmed) ?? CalendarDate(trimmed).map(\.start) else {
                throw CatalogError.malformedMovie(reason: "its \(name) is no time")
            }
            return time
        }
        let from = try time(MovieColumn.availableFrom)
        let until = try time(MovieColumn.availableUntil)
        if let from, let until, until <= from {
            throw CatalogError.malformedMovie(
                reason: "its \(MovieColumn.availableUntil) is not after its \(MovieColumn.availableFrom)")
        }
        return (from, until)
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
