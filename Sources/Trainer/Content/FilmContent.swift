public import Domain

/// What a training may know of films beyond the events: the catalogue, and which films are alike by their words.
public struct FilmContent: Sendable {
    /// In any order; of films that are in no event, too.
    public var films: [Movie]
    /// The films most like the liked ones taken together, best first: liked identifiers, those that must not come back,
    /// how many at most.
    public var similar: @Sendable ([String], Set<String>, Int) -> [(id: String, score: Float)]

    public init(
        films: [Movie], similar: @escaping @Sendable ([String], Set<String>, Int) -> [(id: String, score: Float)]
    ) {
        self.films = films
        self.similar = similar
    }
}
