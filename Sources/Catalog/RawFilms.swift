import Delimited
public import Domain
import Foundation

/// What a message of the `movies` topic holds: films as their sources give them out, cleaned.
///
/// A message is one of
///
/// - an object: one film, in our form (`item_id`), as an answer of TMDB's API (`id`), or as MovieLens has it (`movieId`,
///   with `tmdbId` of `links.csv`, `tags`, and perhaps TMDB's own answer as `tmdb`);
/// - a page of TMDB's API (`{"results":[…]}`), or a list of objects: several films;
/// - records of a CSV export: with the line of names before them, or one by itself in the layout of
///   `tmdb_5000_movies.csv` (20 columns), `top10K-TMDB-movies.csv` (9) or MovieLens's `movies.csv` (3).
public struct RawFilms {
    /// The films, in the message's order.
    public private(set) var films: [Movie] = []
    /// Why some of what the message holds is no film, in its order, with the places counted from 1.
    public private(set) var refused: [(place: Int, reason: String)] = []
    private var count = 0

    /// Reads a message.
    /// - Parameter updatedAt: when the films were described, if they do not say so themselves.
    /// - Throws: ``CatalogError/malformedMovie(reason:)`` if there is not one film in it.
    public init(_ bytes: UnsafeRawBufferPointer, updatedAt: Timestamp) throws(CatalogError) {
        guard bytes.count <= MovieJSON.sizeLimit else {
            throw .malformedMovie(
                reason: "\(bytes.count) bytes are more than the \(MovieJSON.sizeLimit) allowed")
        }
        let first = bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            guard let json = try? JSONSerialization.jsonObject(with: Data(bytes)) else {
                throw .malformedMovie(reason: "it is not a JSON object")
            }
            for object in RawFilms.objects(in: json) { add(object, updatedAt) }
        } else if bytes.contains(UInt8(ascii: ",")), String(validating: bytes, as: UTF8.self) != nil {
            try read(csv: Array(bytes), updatedAt)
        } else {
            throw .malformedMovie(reason: "it is neither JSON nor a record of CSV in UTF-8")
        }
        guard films.isEmpty else { return }
        throw .malformedMovie(reason: refused.first?.reason ?? "there is no film in it")
    }

    /// The same of bytes in an array.
    public init(_ bytes: [UInt8], updatedAt: Timestamp) throws(CatalogError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(CatalogError) in try RawFilms(buffer, updatedAt: updatedAt) }
        }
        self = try result.get()
    }

    /// What is wrong with the message although it has films; nil if nothing is.
    public var trouble: String? {
        guard let first = refused.first else { return nil }
        return "film \(first.place) of \(count): \(first.reason)"
            + (refused.count > 1 ? "; \(refused.count - 1) more are none" : "")
    }

    /// The objects that are to be films: those of a page, of a list, or the one.
    static func objects(in json: Any) -> [Any] {
        switch json {
        case let list as [Any]: list
        case let object as [String: Any]: object["id"] == nil ? object["results"] as? [Any] ?? [object] : [object]
        default: []
        }
    }

    private mutating func add(_ object: Any, _ updatedAt: Timestamp) {
        count += 1
        guard let values = object as? [String: Any] else {
            refused.append((count, "it is not a JSON object"))
            return
        }
        var reader = FilmReader(JSONObject(values))
        do throws(CatalogError) {
            films.append(try reader.film(updatedAt: updatedAt))
        } catch {
            refused.append((count, RawFilms.reason(error)))
        }
    }

    private static func reason(_ error: CatalogError) -> String {
        if case .malformedMovie(let reason) = error { reason } else { error.message }
    }

    // MARK: CSV

    private static let layouts: [[String]] = [
        [
            "budget", "genres", "homepage", "id", "keywords", "original_language", "original_title", "overview",
            "popularity", "production_companies", "production_countries", "release_date", "revenue", "runtime",
            "spoken_languages", "status", "tagline", "title", "vote_average", "vote_count",
        ],
        [
            "id", "title", "genre", "original_language", "overview", "popularity", "release_date", "vote_average",
            "vote_count",
        ],
        ["movieId", "title", "genres"],
    ]

    private mutating func read(csv bytes: [UInt8], _ updatedAt: Timestamp) throws(CatalogError) {
        var names: [String]?
        do {
            let reader = try DelimitedReader(BytesStream(bytes), path: "message", format: DelimitedFormat())
            while true {
                switch try reader.next() {
                case .end: return
                case .refused(let reason):
                    count += 1
                    refused.append((count, reason.rawValue))
                case .row:
                    let cells = (0..<reader.fieldCount).map { reader.string($0) }
                    guard let known = names else {
                        names = RawFilms.names(cells)
                        guard let known = names else {
                            throw CatalogError.malformedMovie(
                                reason: "a record of \(cells.count) columns without their names is none that is known")
                        }
                        if known != cells { add(Dictionary(zip(known, cells)) { $1 } as [String: Any], updatedAt) }
                        continue
                    }
                    guard cells.count == known.count else {
                        count += 1
                        refused.append((count, "wrong-number-of-fields: \(cells.count) and not \(known.count)"))
                        continue
                    }
                    add(Dictionary(zip(known, cells)) { $1 } as [String: Any], updatedAt)
                }
            }
        } catch let error as CatalogError {
            throw error
        } catch {
            throw .malformedMovie(reason: "it is no record of CSV")
        }
    }

    /// The names of the columns: the record itself, if it names an identifier and a title, or those of a known layout.
    private static func names(_ cells: [String]) -> [String]? {
        let isHeader =
            cells.contains { ["item_id", "id", "movieId"].contains($0) }
            && cells.contains { ["title", "name", "original_title"].contains($0) }
        return isHeader ? cells : layouts.first { $0.count == cells.count }
    }
}
