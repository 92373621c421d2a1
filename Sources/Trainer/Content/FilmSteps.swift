internal import Domain
internal import Foundation

/// A number of a film as the steps that it has passed, each a term `name:step`: what follows from it need not be a straight
/// line then. A film without the number has the one term `name:none`.
enum FilmSteps: String, CaseIterable {
    /// n / 2 = log2(1 + popularity).
    case popularity
    /// n / 2 = the mean vote; the last is 8.
    case stars

    /// What a step is worth beside a genre or a language.
    static let height: Float = 0.5

    /// The last step that the film has passed; nil if the number is not known.
    func last(of film: Movie) -> Int? {
        switch self {
        case .popularity:
            guard let popularity = film.popularity, popularity.isFinite, popularity >= 0 else { return nil }
            return Int(2 * log2(1 + Double(popularity)))
        case .stars:
            guard let average = film.voteAverage, average.isFinite else { return nil }
            return Int(2 * min(8, max(0, average)))
        }
    }

    func name(_ step: Int) -> String { "\(rawValue):\(step)" }
    var nameOfNone: String { "\(rawValue):none" }

    /// The steps that the film has passed, or that it has none.
    func names(of film: Movie) -> [String] { last(of: film).map { (0...$0).map(name) } ?? [nameOfNone] }

    /// What kind of number a term is a step of, and which.
    static func parsed(_ term: String) -> (kind: FilmSteps, step: Int)? {
        for kind in allCases where term.hasPrefix("\(kind.rawValue):") {
            return Int(term.dropFirst(kind.rawValue.utf8.count + 1)).map { (kind, $0) }
        }
        return nil
    }
}
