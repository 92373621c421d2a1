internal import Catalog
internal import Domain
internal import Linalg
internal import Trainer

/// The films of a catalogue that a model's training had no events of, with the factors that their content predicts, or
/// that events since have made of those.
struct NewFilms: Sendable {
    /// By rising bytes of the identifier.
    let films: [Movie]
    /// What content predicts for each.
    let predicted: [[Float]]
    /// By identifier, rows that events have moved.
    let moved: [ExactText: [Float]]
    /// The model's items; carried over, for a model has many and few films are new.
    private let known: Set<ExactText>
    /// How many one thread takes at a time.
    private static let share = 512

    var isEmpty: Bool { films.isEmpty }
    var rows: [[Float]] { zip(films, predicted).map { moved[ExactText($0.itemID)] ?? $1 } }

    /// None of a model that predicts nothing. O(films), and of those that were not there before the words.
    /// - Parameter before: those of another catalogue, whose predictions hold for the films that are the same.
    init(
        of model: any FactorModel, in catalog: CatalogSnapshot, moved: [ExactText: [Float]] = [:],
        before: NewFilms? = nil
    ) {
        guard let content = model.content else {
            (films, predicted, self.moved, known) = ([], [], [:], [])
            return
        }
        let known = before?.known ?? Set((0..<model.itemCount).map { ExactText(model.itemID(ItemIndex($0))) })
        let rank = model.itemFactors.columns
        let places = Dictionary(
            (before?.films ?? []).enumerated().map { (ExactText($1.itemID), $0) },
            uniquingKeysWith: { first, _ in first })
        let unknown = catalog.movies.filter { !known.contains(ExactText($0.itemID)) }
        // On all cores: of a catalogue that is much larger than the model it is most of what putting it into service takes.
        let shares = Workers().map((unknown.count + Self.share - 1) / Self.share) { number in
            unknown[number * Self.share..<min(unknown.count, (number + 1) * Self.share)].map { film -> [Float]? in
                if let before, let place = places[ExactText(film.itemID)], before.films[place] == film {
                    return before.predicted[place]
                }
                return content.factors(of: film)
            }
        }
        var films: [Movie] = []
        var predicted: [[Float]] = []
        for (film, row) in zip(unknown, shares.joined()) {
            guard let row, row.count == rank else { continue }
            films.append(film)
            predicted.append(row)
        }
        self.films = films
        self.predicted = predicted
        self.moved = moved
        self.known = known
    }

    func hasSameRows(as other: NewFilms) -> Bool {
        films.count == other.films.count && moved == other.moved && predicted == other.predicted
            && films.indices.allSatisfy { films[$0].itemID.isExactly(other.films[$0].itemID) }
    }
}
