public import Domain
import Foundation
import Store

/// A film as a client of the REST API describes it: the members of ``MovieJSON`` under our own names.
///
/// The rules are those of the `movies` topic, but nothing is passed over: a member that films do not have, or a value
/// that would be dropped, refuses the film. Whoever sent it can correct it, which a topic's reader cannot.
public enum FilmBody {
    private static let texts = [
        MovieColumn.title, MovieColumn.overview, MovieColumn.language, MovieColumn.director, MovieColumn.releaseDate,
        MovieColumn.availableFrom, MovieColumn.availableUntil, MovieColumn.updatedAt,
    ]
    private static let numbers = [
        MovieColumn.year, MovieColumn.runtime, MovieColumn.popularity, MovieColumn.voteAverage, MovieColumn.voteCount,
    ]
    private static let lists = [MovieColumn.genres, MovieColumn.keywords]

    /// What a film may have, for advice.
    public static let members = [MovieColumn.itemID] + texts + numbers + lists

    /// Reads a film. `updated_at` is not the client's to say and is passed over.
    /// - Parameter itemID: which it must be; nil: it says so itself in `item_id`.
    /// - Throws: ``CatalogError/malformedMovie(reason:)`` naming the member at fault.
    public static func movie(_ body: JSONValue, itemID: String?) throws(CatalogError) -> Movie {
        guard case .object(let members) = body else { throw malformed("it is no JSON object") }
        var values: [String: Any] = [:]
        for member in members where member.value != .null {
            guard Self.members.contains(member.name) else {
                throw malformed(
                    "films have no \(member.name.prefix(40)), they have \(Self.members.joined(separator: ", "))")
            }
            values[member.name] = try value(member)
        }
        values[MovieColumn.updatedAt] = nil
        if let itemID {
            guard (values[MovieColumn.itemID] as? String ?? itemID).isExactly(itemID) else {
                throw malformed("its \(MovieColumn.itemID) is another than the one of the path")
            }
            values[MovieColumn.itemID] = itemID
        }
        let movie: Movie
        do {
            movie = try MovieJSON.decode(JSONObject(values), updatedAt: Timestamp(microseconds: 0))
        } catch let error as CatalogError {
            throw error
        } catch {
            throw malformed("it cannot be read")
        }
        // An identifier that reading would trim or shorten is another film's.
        guard let given = values[MovieColumn.itemID] as? String, movie.itemID.isExactly(given) else {
            throw malformed("its \(MovieColumn.itemID) begins or ends with blanks, or is a word for “nothing”")
        }
        try check(movie, has: values)
        return movie
    }

    /// The film after a merge patch.
    /// - Throws: ``CatalogError/malformedMovie(reason:)`` if there is no film left, or another.
    public static func patched(_ movie: Movie, with patch: JSONValue) throws(CatalogError) -> Movie {
        // What is ours to say is not the client's to change.
        var plain = movie
        (plain.tmdbID, plain.isPartial, plain.findings) = (nil, false, [])
        guard case .object(let changes) = patch, let base = try? JSONValue(parsing: MovieJSON.encode(plain)),
            case .object(var members) = base
        else { throw malformed("the patch is no JSON object") }
        let names = Set(changes.map(\.name))
        members.removeAll { names.contains($0.name) }
        // A year that came from the date goes with it.
        if names.contains(MovieColumn.releaseDate), !names.contains(MovieColumn.year),
            movie.year == movie.releaseDate?.year
        {
            members.removeAll { $0.name == MovieColumn.year }
        }
        var patched = try Self.movie(.object(members + changes), itemID: movie.itemID)
        patched.tmdbID = movie.tmdbID
        return patched
    }

    private static func malformed(_ reason: String) -> CatalogError { .malformedMovie(reason: reason) }

    /// The value as the type that its member must have, for the parser of all films.
    private static func value(_ member: JSONValue.Member) throws(CatalogError) -> Any {
        switch member.value {
        case .text(let text) where texts.contains(member.name) || member.name == MovieColumn.itemID: return text
        case .number(let number) where numbers.contains(member.name): return NSNumber(value: number)
        case .array(let elements) where lists.contains(member.name):
            var names: [Any] = []
            for element in elements {
                guard case .text(let name) = element, name.contains(where: { !$0.isWhitespace }) else {
                    throw malformed("its \(member.name) are not all texts")
                }
                names.append(name)
            }
            return names
        default:
            let type = numbers.contains(member.name) ? "a number" : lists.contains(member.name) ? "an array" : "a text"
            throw malformed("its \(member.name) is not \(type)")
        }
    }

    /// That nothing of what was sent was dropped.
    private static func check(_ movie: Movie, has values: [String: Any]) throws(CatalogError) {
        func number(_ name: String) -> Double? { (values[name] as? NSNumber)?.doubleValue }
        for (name, found) in [
            (MovieColumn.year, movie.year), (MovieColumn.runtime, movie.runtime),
            (MovieColumn.voteCount, movie.voteCount),
        ] {
            if let sent = number(name), found.map(Double.init) != sent {
                throw malformed("its \(name) is no such number that films can have")
            }
        }
        if number(MovieColumn.popularity) != nil, movie.popularity == nil {
            throw malformed("its \(MovieColumn.popularity) is not from 0 to 1e9")
        }
        // TMDB's 0 for "nobody voted" is no average.
        if let sent = number(MovieColumn.voteAverage), sent != 0, movie.voteAverage == nil {
            throw malformed("its \(MovieColumn.voteAverage) is not from 0 to 10")
        }
        // In a table a blank cell is none; whoever means none here sends null.
        if values[MovieColumn.releaseDate] as? String != movie.releaseDate?.description {
            throw malformed("its \(MovieColumn.releaseDate) is no day such as 1999-03-31")
        }
        if values[MovieColumn.language] != nil, movie.language == nil {
            throw malformed("its \(MovieColumn.language) is no code of two or three letters")
        }
        for (name, found) in [
            (MovieColumn.availableFrom, movie.availableFrom), (MovieColumn.availableUntil, movie.availableUntil),
        ] where values[name] != nil && found == nil {
            throw malformed("its \(name) is no time")
        }
    }
}
