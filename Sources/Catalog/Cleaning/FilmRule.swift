import Domain

/// What films are held to. A film that breaks a rule is kept, and the breach is a finding.
public enum FilmRule: String, CaseIterable, Sendable {
    // Of one description, noted when it is cleaned, since the value at fault is not kept.
    case impossibleDate = "impossible-date"
    case impossibleYear = "impossible-year"
    case contradictoryYear = "contradictory-year"
    case impossibleRuntime = "impossible-runtime"
    case impossiblePopularity = "impossible-popularity"
    case impossibleVotes = "impossible-votes"
    case contradictoryVotes = "contradictory-votes"
    case impossibleLanguage = "impossible-language"
    case impossibleTime = "impossible-time"
    case unreadableGenres = "unreadable-genres"
    case unknownGenre = "unknown-genre"
    case unreadableKeywords = "unreadable-keywords"
    case markupRemoved = "markup-removed"
    case controlsRemoved = "controls-removed"
    case longText = "long-text"
    // Of the film as it stands, seen in the table.
    case missingOverview = "missing-overview"
    case missingDate = "missing-date"
    case missingGenres = "missing-genres"
    case missingLanguage = "missing-language"
    case missingRuntime = "missing-runtime"
    case missingPopularity = "missing-popularity"
    case missingVotes = "missing-votes"
    case missingKeywords = "missing-keywords"
    case missingDirector = "missing-director"
    // Of films beside each other.
    case collidingID = "colliding-id"
    case duplicateFilm = "duplicate-film"
    // Of what is no film at all.
    case refused = "refused"

    /// Longer texts are kept, and noted: a synopsis is a paragraph.
    static let textLimit = 20_000

    /// The member of the film that it is about.
    public var field: String {
        switch self {
        case .impossibleDate, .missingDate: "release_date"
        case .impossibleYear, .contradictoryYear: "year"
        case .impossibleRuntime, .missingRuntime: "runtime"
        case .impossiblePopularity, .missingPopularity: "popularity"
        case .impossibleVotes, .contradictoryVotes, .missingVotes: "votes"
        case .impossibleLanguage, .missingLanguage: "language"
        case .impossibleTime: "updated_at"
        case .unreadableGenres, .unknownGenre, .missingGenres: "genres"
        case .unreadableKeywords, .missingKeywords: "keywords"
        case .markupRemoved, .controlsRemoved, .longText: "text"
        case .missingOverview: "overview"
        case .missingDirector: "director"
        case .collidingID, .duplicateFilm: "item_id"
        case .refused: "film"
        }
    }

    /// What it means, in a sentence.
    public var meaning: String {
        switch self {
        case .impossibleDate: "The release date is no day between 1870 and 2200; it is left out."
        case .impossibleYear: "The year is no number between 1870 and 2200; it is left out."
        case .contradictoryYear: "Year and release date differ; both are kept."
        case .impossibleRuntime: "The runtime is not from 1 to 10,000 minutes; it is left out."
        case .impossiblePopularity: "The popularity is not from 0 to 1e9; it is left out."
        case .impossibleVotes: "The average is not from 0 to 10, or the count is negative; it is left out."
        case .contradictoryVotes: "There is an average of no votes; both are kept."
        case .impossibleLanguage: "The language is no code of two or three letters; it is left out."
        case .impossibleTime: "The time of the description cannot be read, or lies more than a day ahead."
        case .unreadableGenres: "The genres are neither a list nor names; they are left out."
        case .unknownGenre: "TMDB's list of genres has no such number; it is left out."
        case .unreadableKeywords: "The keywords are neither a list nor names; they are left out."
        case .markupRemoved: "A text had HTML; its words are kept."
        case .controlsRemoved: "A text had control or invisible characters; they are taken out."
        case .longText: "A text is longer than \(Self.textLimit) bytes; it is kept whole."
        case .missingOverview: "There is no synopsis: similarity has only the title to read."
        case .missingDate: "There is neither a release date nor a year."
        case .missingGenres: "There are no genres."
        case .missingLanguage: "There is no language."
        case .missingRuntime: "There is no runtime."
        case .missingPopularity: "There is no popularity."
        case .missingVotes: "There are no votes."
        case .missingKeywords: "There are no keywords."
        case .missingDirector: "There is no director."
        case .collidingID: "One identifier was given to films of other titles and years; the newest counts."
        case .duplicateFilm: "Films of one title and year have several identifiers."
        case .refused: "A message on the topic of films is no film; it is in the dead letters."
        }
    }
}

extension FilmFinding {
    init(_ rule: FilmRule, _ detail: String? = nil) { self.init(rule: rule.rawValue, detail: detail) }
}
