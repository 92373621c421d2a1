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
            // Collisions of one file are told with those between rows, below.
            for finding in film.findings where finding.rule != FilmRule.collidingID.rawValue {
                find(finding.rule, film, finding.detail)
            }
            for rule in Self.missing(in: film) { find(rule.rawValue, film) }
        }
        for (film, others) in Self.collisions(rows, in: catalogue) {
            find(FilmRule.collidingID.rawValue, film, "\(Movie.also)\(others.joined(separator: ", "))")
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

    /// Films whose identifier was also given to another one, by other rows or in the file that they came from.
    private static func collisions(_ rows: [Movie], in catalogue: CatalogSnapshot) -> [(Movie, [String])] {
        var others: [ExactText: Set<String>] = [:]
        for row in rows where !row.isWithdrawn {
            guard let film = catalogue[row.itemID], film.isAnother(than: row) else { continue }
            others[ExactText(row.itemID), default: []].insert(row.nameWithYear)
        }
        return catalogue.movies.compactMap { film in
            let found = (others[ExactText(film.itemID)] ?? []).union(film.collisions)
            return found.isEmpty ? nil : (film, found.sorted())
        }
    }

    private static func duplicates(in catalogue: CatalogSnapshot) -> [(Movie, [String])] {
        let groups = Dictionary(grouping: catalogue.movies.filter { $0.year != nil }) {
            "\($0.year ?? 0) \($0.title.lowercased())"
        }
        return catalogue.movies.compactMap { film in
            guard let group = groups["\(film.year ?? 0) \(film.title.lowercased())"], group.count > 1, film.year != nil
            else {
                return nil
            }
            return (film, group.map(\.itemID).filter { !$0.isExactly(film.itemID) })
        }
    }
}

extension Movie {
    /// Before the names of other films in the detail of a finding.
    fileprivate static let also = "also "

    fileprivate var nameWithYear: String { "\(title) (\(year ?? 0))" }

    /// The films that had this one's identifier before it in the file that it came from.
    fileprivate var collisions: [String] {
        findings.filter { $0.rule == FilmRule.collidingID.rawValue }
            .compactMap { $0.detail.map { String($0.dropFirst(Self.also.count)) } }
    }

    /// Whether two descriptions are of two films: of other titles, and of years that are off by more than one. Titles are
    /// corrected, and releases move over a new year's eve, but seldom both.
    fileprivate func isAnother(than other: Movie) -> Bool {
        guard let year, let theirs = other.year else { return false }
        return abs(year - theirs) > 1 && title.lowercased() != other.title.lowercased()
    }

    /// Notes, where it is another film, that this one takes the place of `earlier`, which has its identifier.
    mutating func noteCollision(with earlier: Movie) {
        var names = earlier.collisions
        if isAnother(than: earlier) { names.append(earlier.nameWithYear) }
        let known = Set(collisions)
        for name in names where !known.contains(name) {
            findings.append(FilmFinding(rule: FilmRule.collidingID.rawValue, detail: Self.also + name))
        }
    }
}
