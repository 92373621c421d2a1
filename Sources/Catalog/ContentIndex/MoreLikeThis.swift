/// The settings of a more_like_this query: the same ones rule the embedded index and go to Elasticsearch.
///
/// The defaults differ from Elasticsearch's on purpose. A synopsis says most words once, so a word counts from its
/// first occurrence (`minTermFreq` 1, not 2); a catalogue of a few hundred films has few words in five of them, so two
/// are enough (`minDocFreq` 2, not 5: a word that only the liked film has cannot find another); and the score alone
/// ranks, nothing is cut off below a share of matching words (`minimumShouldMatch` 0, not 30 %).
public struct MoreLikeThis: Sendable, Hashable {
    /// Words rarer than this in the liked films together are left out.
    public var minTermFreq = 1
    /// Words in fewer films than this are left out.
    public var minDocFreq = 2
    /// Words in more films than this are left out.
    public var maxDocFreq = Int(Int32.max)
    /// Words kept for each field, the heaviest by tf · idf.
    public var maxQueryTerms = 25
    /// Percent of all chosen words that a film must have, rounded down; at least one in any case. `0…100`.
    public var minimumShouldMatch = 0

    public init() {}

    /// Percent of `clauses`, in float32 and cut off, as Elasticsearch computes it.
    func requiredMatches(of clauses: Int) -> Int {
        Int(Float(clauses * minimumShouldMatch) * (1 / 100 as Float))
    }
}

/// The fields that similarity looks at, and how each is cut into terms.
enum ContentField: Int, CaseIterable, Sendable {
    case title
    case overview
    case genres

    /// Its name in the Elasticsearch mapping.
    var name: String {
        switch self {
        case .title: "title"
        case .overview: "overview"
        case .genres: "genres"
        }
    }

    /// Whether a film's terms are whole values (Elasticsearch's `keyword`), which carry neither frequency nor length,
    /// rather than the words of a text.
    var isKeyword: Bool { self == .genres }
}
