internal import Domain

/// Says in words what the numbers of an answer mean.
struct Wording {
    let state: ServingState

    /// One sentence for one part of a score.
    func sentence(for reason: Reason) -> String {
        let lowers = reason.part < 0
        switch reason.source {
        case .factors:
            guard let because = reason.because else { return "It fits your taste." }
            return "People who like \(title(because)), as you do, like it."
        case .content: return "It is told in words like those of films you like."
        case .popularity: return "Many people like it."
        case .recent: return "Many people like it lately."
        case .neighbours, .linear: return "People who like what you like often like it."
        case .boost: return "It is \(lowers ? "lowered" : "raised") by “\(reason.name ?? "a boost")”."
        case .rule: return "It is \(lowers ? "lowered" : "ranked") by the rule “\(reason.name ?? "of this list")”."
        }
    }

    /// One sentence for what an item's score comes from.
    func sentence(for because: Pipeline.Because, item: Int32) -> String {
        let loudest = because.contributions.filter { $0.part > 0 }.prefix(3).map { title($0.place) }
        guard !loudest.isEmpty else { return "Nothing that the user likes speaks for \(title(item))." }
        return "\(title(item)) fits because of \(loudest.joined(separator: ", "))."
    }

    /// The film's title, or the item's identifier if no film is known.
    func title(_ place: Int32) -> String {
        guard let movie = state.items.movie(at: place) else { return state.items.ids[Int(place)] }
        return movie.year.map { "\(movie.title) (\($0))" } ?? movie.title
    }
}
