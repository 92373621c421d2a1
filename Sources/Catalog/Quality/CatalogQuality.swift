public import Domain
import Foundation

/// What is wrong with a catalogue, film by film and rule by rule.
public struct CatalogQuality: Sendable {
    /// A film that breaks a rule, or a message that is no film.
    public struct Finding: Sendable, Hashable {
        public var rule: String
        /// Nil for what is no film.
        public var itemID: String?
        public var title: String?
        public var detail: String?
        /// When the film was described so, or the message refused.
        public var at: Timestamp

        public init(rule: String, itemID: String? = nil, title: String? = nil, detail: String? = nil, at: Timestamp) {
            self.rule = rule
            self.itemID = itemID
            self.title = title
            self.detail = detail
            self.at = at
        }
    }

    /// A message on the topic of films that is none.
    public struct Refused: Sendable {
        public var reason: String
        public var at: Timestamp

        public init(reason: String, at: Timestamp) {
            self.reason = reason
            self.at = at
        }
    }

    /// Films that are there.
    public let films: Int
    /// By rule in the order of ``FilmRule``, by film within one.
    public let findings: [Finding]

    /// Looks over the table of films. O(rows), and a sort of the findings.
    /// - Parameters:
    ///   - rows: the table's, older descriptions included.
    ///   - refused: dead letters of the topic of films.
    public init(rows: [Movie], refused: [Refused] = []) {
        let catalogue = CatalogSnapshot(rows)
        var findings: [Finding] = []
        func find(_ rule: String, _ film: Movie, _ detail: String? = nil) {
            findings.append(
                Finding(rule: rule, itemID: film.itemID, title: film.title, detail: detail, at: film.updatedAt))
        }
        for film in catalogue.movies {
            for finding in film.findings { find(finding.rule, film, finding.detail) }
            for rule in Self.missing(in: film) { find(rule.rawValue, film) }
        }
        for (film, others) in Self.collisions(rows, in: catalogue) {
            find(FilmRule.collidingID.rawValue, film, "also \(others.joined(separator: ", "))")
        }
        for (film, others) in Self.duplicates(in: catalogue) {
            find(FilmRule.duplicateFilm.rawValue, film, "also \(others.joined(separator: ", "))")
        }
        for message in refused {
            findings.append(Finding(rule: FilmRule.refused.rawValue, detail: message.reason, at: message.at))
        }
        let order = Dictionary(uniqueKeysWithValues: FilmRule.allCases.enumerated().map { ($1.rawValue, $0) })
        self.films = catalogue.count
        self.findings = findings.enumerated().sorted { a, b in
            let (x, y) = (order[a.element.rule] ?? order.count, order[b.element.rule] ?? order.count)
            return (x, a.element.rule, a.offset) < (y, b.element.rule, b.offset)
        }.map(\.element)
    }

    private static func missing(in film: Movie) -> [FilmRule] {
        var rules: [FilmRule] = []
        if film.overview.isEmpty { rules.append(.missingOverview) }
        if film.releaseDate == nil, film.year == nil { rules.append(.missingDate) }
        if film.genres.isEmpty { rules.append(.missingGenres) }
        if film.language == nil { rules.append(.missingLanguage) }
        if film.runtime == nil { rules.append(.missingRuntime) }
        if film.popularity == nil { rules.append(.missingPopularity) }
        if film.voteCount ?? 0 == 0 || film.voteAverage == nil { rules.append(.missingVotes) }
        if film.keywords.isEmpty { rules.append(.missingKeywords) }
        if film.director == nil { rules.append(.missingDirector) }
        return rules
    }

    /// Films whose identifier was also given to one of another title and a year that is off by more than one: titles are
    /// corrected, and releases move over a new year's eve, but seldom both.
    private static func collisions(_ rows: [Movie], in catalogue: CatalogSnapshot) -> [(Movie, [String])] {
        var others: [String: Set<String>] = [:]
        for row in rows where !row.isWithdrawn {
            guard let film = catalogue[row.itemID], let year = film.year, let other = row.year, abs(year - other) > 1,
                key(row) != key(film)
            else { continue }
            others[row.itemID, default: []].insert("\(row.title) (\(other))")
        }
        return catalogue.movies.compactMap { film in others[film.itemID].map { (film, $0.sorted()) } }
    }

    private static func duplicates(in catalogue: CatalogSnapshot) -> [(Movie, [String])] {
        let groups = Dictionary(grouping: catalogue.movies.filter { $0.year != nil }) { "\($0.year ?? 0) \(key($0))" }
        return catalogue.movies.compactMap { film in
            guard let group = groups["\(film.year ?? 0) \(key(film))"], group.count > 1, film.year != nil else {
                return nil
            }
            return (film, group.map(\.itemID).filter { $0 != film.itemID })
        }
    }

    private static func key(_ film: Movie) -> String { film.title.lowercased() }
}
