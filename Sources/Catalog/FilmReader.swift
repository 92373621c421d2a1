import Delimited
import Domain
import Foundation
import Store

/// Takes one raw film apart, in whichever form it came, and notes what is wrong with its values.
///
/// Which form it is shows by the name of its identifier: `item_id` is ours, `id` TMDB's, `movieId` MovieLens's.
struct FilmReader {
    private let object: JSONObject
    private var findings: [FilmFinding] = []

    init(_ object: JSONObject) { self.object = object }

    /// The film, cleaned.
    /// - Parameter updatedAt: when it was described, if it does not say so itself.
    /// - Throws: ``CatalogError/malformedMovie(reason:)`` for what has no identifier or no title, or bounds of
    ///   availability that cannot be read.
    mutating func film(updatedAt: Timestamp) throws(CatalogError) -> Movie {
        let isMovieLens = object.values["item_id"] == nil && object.values["id"] == nil
        guard let id = object.identifier("item_id") ?? object.identifier("id") ?? object.identifier("movieId") else {
            throw .malformedMovie(reason: "it has no id, or one that is empty or longer than 256 bytes")
        }
        var (title, year) = (try title(), Int32?.none)
        if isMovieLens { (title, year) = MovieLensTitle.split(title) }
        let (from, until) = try availability()
        let day = date()
        let stated = self.year()
        if let stated, let day, stated != day.year { note(.contradictoryYear, "\(stated), released \(day)") }
        let (average, count) = votes()
        var film = Movie(
            itemID: id, title: title,
            overview: object.prose("overview") ?? object.prose("synopsis") ?? object.prose("description") ?? "",
            releaseDate: day, year: stated ?? year ?? yearOfDate(), genres: genres(),
            language: object.prose("language") ?? object.prose("original_language"),
            runtime: number("runtime", .impossibleRuntime) { (1...10_000).contains($0) }.map { Int32($0) },
            popularity: number("popularity", .impossiblePopularity) { (0...1e9).contains($0) }.map { Float($0) },
            voteAverage: average, voteCount: count, keywords: keywords(),
            director: object.prose("director") ?? object.directorOfCredits, availableFrom: from,
            availableUntil: until, updatedAt: time() ?? updatedAt,
            tmdbID: object.identifier("tmdb_id") ?? object.identifier("tmdbId"),
            // Pages of lists name genres by number, and leave out what a film's own page has.
            isPartial: object.flag(MovieColumn.isPartial)
                ?? (object.values["genre_ids"] != nil && object.values["genres"] == nil))
        if film.updatedAt.microseconds - updatedAt.microseconds > 86_400_000_000 {
            note(.impossibleTime, "\(film.updatedAt) is ahead")
        }
        film.findings = (object.names(MovieColumn.findings) ?? []).map(FilmFinding.init(text:))
        for finding in findings { film.note(finding) }
        film = MovieCleaner.clean(film)
        // MovieLens's film with TMDB's, as `"tmdb": {…}`: joined by the one's link to the other.
        guard let other = object.object("tmdb") else { return film }
        var reader = FilmReader(other)
        guard let described = try? reader.film(updatedAt: film.updatedAt) else {
            film.note(FilmFinding(.refused, "what TMDB says of it is no film"))
            return film
        }
        return film.joined(with: described)
    }

    private mutating func note(_ rule: FilmRule, _ detail: String) {
        findings.append(FilmFinding(rule, detail))
    }

    private func title() throws(CatalogError) -> String {
        var isBlank = false
        for name in ["title", "name", "original_title"] {
            guard let text = object.text(name) else { continue }
            if !CleanText(text).text.isEmpty { return text }
            isBlank = true
        }
        throw .malformedMovie(reason: isBlank ? "its title is blank" : "it has no title")
    }

    // MARK: Values

    /// Whether there is no value: no member, null, blank, or a word that other programs write for "nothing".
    private func isAbsent(_ name: String) -> Bool {
        switch object.values[name] {
        case nil, is NSNull: true
        case let text as String: Cell.identifier(text) == nil
        default: false
        }
    }

    private func shown(_ name: String) -> String {
        object.values[name].map { Cell.shown("\($0)") } ?? "nothing"
    }

    /// A number that may be; TMDB writes 0 for a runtime that nobody knows.
    private mutating func number(_ name: String, _ rule: FilmRule, _ isPossible: (Double) -> Bool) -> Double? {
        guard !isAbsent(name) else { return nil }
        guard let number = object.number(name) else {
            note(rule, shown(name))
            return nil
        }
        if isPossible(number) { return number }
        if number != 0 { note(rule, shown(name)) }
        return nil
    }

    private mutating func date() -> CalendarDate? {
        let name = MovieColumn.releaseDate
        guard !isAbsent(name) else { return nil }
        if let day = object.text(name).flatMap(MovieCleaner.date) { return day }
        // A bare year is coarse, not wrong.
        let text = object.text(name)?.trimmingCharacters(in: .whitespaces) ?? ""
        if text.utf8.count != 4 || yearOfDate() == nil { note(.impossibleDate, shown(name)) }
        return nil
    }

    private func yearOfDate() -> Int32? {
        object.text(MovieColumn.releaseDate).flatMap { Int($0.prefix(4)) }.flatMap(MovieCleaner.year)
    }

    private mutating func year() -> Int32? {
        guard !isAbsent(MovieColumn.year) else { return nil }
        if let year = object.integer(MovieColumn.year).flatMap(MovieCleaner.year) { return year }
        note(.impossibleYear, shown(MovieColumn.year))
        return nil
    }

    private mutating func votes() -> (average: Float?, count: Int32?) {
        let count = number(MovieColumn.voteCount, .impossibleVotes) { (0...Double(Int32.max)).contains($0) }
            .map { Int32($0) }
        let average = number(MovieColumn.voteAverage, .impossibleVotes) { (0...10).contains($0) }.map { Float($0) }
        guard count == 0, let average else { return (average, count) }
        // TMDB writes 0 for "nobody voted".
        if average == 0 { return (nil, count) }
        note(.contradictoryVotes, "\(average) of no votes")
        return (average, count)
    }

    private mutating func genres() -> [String] {
        if let names = object.names("genres") ?? object.names("genre") { return names }
        if let unknown = object.unknownGenres, !unknown.isEmpty {
            note(.unknownGenre, unknown.joined(separator: ", "))
        }
        if let names = object.genresByNumber { return names }
        for name in ["genres", "genre", "genre_ids"] where !isAbsent(name) { note(.unreadableGenres, shown(name)) }
        return []
    }

    private mutating func keywords() -> [String] {
        if let names = object.names("keywords") ?? object.names("tags") { return names }
        for name in ["keywords", "tags"] where !isAbsent(name) { note(.unreadableKeywords, shown(name)) }
        return []
    }

    private mutating func time() -> Timestamp? {
        guard !isAbsent(MovieColumn.updatedAt) else { return nil }
        if let time = object.text(MovieColumn.updatedAt).flatMap({ Timestamp($0) }) { return time }
        note(.impossibleTime, shown(MovieColumn.updatedAt))
        return nil
    }

    /// A time, or a day for its beginning; absent, null and blank are no bound.
    private func availability() throws(CatalogError) -> (from: Timestamp?, until: Timestamp?) {
        func time(_ name: String) throws(CatalogError) -> Timestamp? {
            guard let value = object.values[name], !(value is NSNull) else { return nil }
            guard let text = value as? String else { throw .malformedMovie(reason: "its \(name) is no time") }
            let trimmed = text.trimmingCharacters(in: .whitespaces)
            guard Cell.identifier(trimmed) != nil else { return nil }
            guard let time = Timestamp(trimmed) ?? CalendarDate(trimmed).map(\.start) else {
                throw .malformedMovie(reason: "its \(name) is no time")
            }
            return time
        }
        let from = try time(MovieColumn.availableFrom)
        let until = try time(MovieColumn.availableUntil)
        if let from, let until, until <= from {
            throw .malformedMovie(
                reason: "its \(MovieColumn.availableUntil) is not after its \(MovieColumn.availableFrom)")
        }
        return (from, until)
    }
}

extension Movie {
    /// This film, known by an identifier of its own, with what TMDB says of it: what it lacks, and all keywords of both.
    func joined(with film: Movie) -> Movie {
        var joined = completed(by: film)
        joined.keywords = keywords + film.keywords.filter { !keywords.contains($0) }
        joined.tmdbID = tmdbID ?? film.tmdbID ?? film.itemID
        joined.updatedAt = max(updatedAt, film.updatedAt)
        for finding in film.findings { joined.note(finding) }
        return joined
    }
}
