public import Domain

/// What a training may know of films beyond the events: the catalogue, and which films are alike by their words.
public struct FilmContent: Sendable {
    /// In any order, each identifier once; of films that are in no event, too.
    public var films: [Movie]
    /// The films most like the liked ones taken together, best first: the liked ones, those that must not come back, how
    /// many at most. Films are named by their places in ``films``: training asks thousands of times.
    public var similar: @Sendable ([Int32], [Int32], Int) -> [(film: Int32, score: Float)]

    public init(
        films: [Movie], similar: @escaping @Sendable ([Int32], [Int32], Int) -> [(film: Int32, score: Float)]
    ) {
        self.films = films
        self.similar = similar
    }

    /// For each item of a training, its film's place in ``films``, or −1.
    func places(of items: IdentifierPool) -> [Int32] {
        let places = Dictionary(
            films.enumerated().map { (ExactText($0.element.itemID), Int32($0.offset)) },
            uniquingKeysWith: { first, _ in first })
        return (0..<items.count).map { places[ExactText(items.id(at: $0))] ?? -1 }
    }
}
