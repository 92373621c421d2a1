/// What to find among the films of a catalogue.
public struct FilmQuery: Sendable {
    /// How the words of the text are taken.
    public enum Words: String, Sendable, CaseIterable {
        /// A film has each of them, in title or synopsis.
        case whole
        /// As typed into a search box: the last may be the beginning of a title's word, and each may be a title's word
        /// with a slip in it: none in words of two letters, one in words of three to five, two in longer ones; the first
        /// letter is right. A word that is there twice counts where it stands last.
        case typing
    }

    /// Nil asks for every film, the most popular first.
    public var text: String?
    /// Without meaning where there is no text.
    public var words = Words.whole
    /// What a film must be like beside; it adds nothing to the score.
    public var filter: FilmFilter?
    /// How many films come back at most; ``FilmHits/total`` counts all.
    public var limit = 20
    /// What is counted among all films found.
    public var facets: Set<FilmFacet> = []

    /// - Parameters: see the properties.
    public init(_ text: String? = nil, words: Words = .whole, filter: FilmFilter? = nil, limit: Int = 20) {
        self.text = text
        self.words = words
        self.filter = filter
        self.limit = limit
    }
}

/// What the films found are counted by.
public enum FilmFacet: String, Sendable, CaseIterable {
    case genre
    case language
    /// `1990` for 1990 to 1999.
    case decade

    var field: FilterField {
        switch self {
        case .genre: .genres
        case .language: .language
        case .decade: .year
        }
    }

    /// Values of one facet in an answer at most.
    public static let maximumValues = 100
}

/// A value and how many films have it.
public struct FilmCount: Sendable, Hashable {
    public var value: String
    public var count: Int

    /// - Parameter count: of films.
    public init(value: String, count: Int) {
        self.value = value
        self.count = count
    }

    /// Most first, equal counts by the value's bytes; values that no film has are left out.
    static func ranked(_ counts: some Sequence<(String, Int)>) -> [FilmCount] {
        let sorted = counts.lazy.filter { $0.1 > 0 }.map { FilmCount(value: $0.0, count: $0.1) }.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.value.utf8.lexicographicallyPrecedes($1.value.utf8)
        }
        return Array(sorted.prefix(FilmFacet.maximumValues))
    }
}

/// What a search has found.
public struct FilmHits: Sendable {
    /// Best first; equal scores by the bytes of the identifier.
    public var items: [ScoredItem] = []
    /// Films that match, whether or not they are among ``items``.
    public var total = 0
    /// Of the facets asked for, over all films that match.
    public var facets: [FilmFacet: [FilmCount]] = [:]

    /// Nothing found.
    public init() {}
}

/// Where films are found by words, filtered and counted: ``ContentIndex`` in this process, or ``ElasticsearchClient``.
///
/// A film's score for a text is the sum over its words of
///
///     3 · BM25(title) + BM25(overview) + 1 (typing: a title's word begins so) + ½ (typing: a title's word is close)
///
/// with BM25 as Elasticsearch computes it. Both give the same films, totals, facets and scores.
public protocol FilmSearch: Sendable {
    /// The films that match.
    /// - Throws: A ``Fault`` of category `unavailable` when the source cannot be asked now.
    func search(_ query: FilmQuery) async throws -> FilmHits

    /// Figures about all films.
    /// - Throws: as ``search(_:)``.
    func statistics() async throws -> CatalogStatistics
}

/// What a text asks for, word by word.
enum SearchWords {
    /// Of a text; what is longer is no question.
    static let maximum = 32
    /// Who types a word that a title has means that film.
    static let titleWeight: Float = 3
    static let prefixScore: Float = 1
    static let closeScore: Float = 0.5

    /// The distinct words, cut as the index cuts films, each where it stands last: the last one is being typed.
    static func distinct(_ text: String) -> [[UInt8]] {
        var words: [[UInt8]] = []
        WordBreakers.shared.borrow { breaker in
            breaker.forEachWord(of: text) { word in
                let word = Array(word)
                if let place = words.firstIndex(of: word) {
                    words.append(words.remove(at: place))
                } else if words.count < maximum {
                    words.append(word)
                }
            }
        }
        return words
    }

    /// Elasticsearch's `AUTO`: how many slips a word of so many characters may have.
    static func slips(inWordOf length: Int) -> Int { length < 3 ? 0 : length < 6 ? 1 : 2 }
}
