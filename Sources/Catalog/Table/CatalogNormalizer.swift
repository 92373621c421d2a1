public import Domain
import Synchronization

/// Puts films that arrive one batch after the other in relation to all that came before them, and withdrawals after the
/// descriptions that they withdraw.
///
/// The first films are measured against few; ``CatalogSnapshot`` measures all of them anew against the whole, so what
/// is served does not depend on the order of arrival. The table keeps what was known when the row was written.
public final class CatalogNormalizer: Sendable {
    private struct Known {
        var scale = CatalogScale()
        /// The newest description of each film that came since.
        var updated: [ExactText: Timestamp] = [:]
    }

    private let films: CatalogSnapshot
    private let known: Mutex<Known>

    /// - Parameter known: The films there already.
    public init(knowing known: CatalogSnapshot = .empty) {
        var start = Known()
        for index in known.movies.indices { start.scale.observe(known.movies[index]) }
        films = known
        self.known = Mutex(start)
    }

    /// The same films with both norms filled, measured against everything known by now, these included. O(films).
    /// Threads may call it at once; what one batch adds counts for the batches after it.
    public func normalised(_ movies: [Movie]) -> [Movie] {
        known.withLock { known in
            for movie in movies where !movie.isWithdrawn { known.scale.observe(movie) }
            return movies.map { movie in
                var movie = movie
                let itemID = ExactText(movie.itemID)
                if let last = known.updated[itemID] ?? films[movie.itemID]?.updatedAt {
                    // A withdrawal is of all that was said before it, even of a description that is dated later.
                    if movie.isWithdrawn {
                        movie.updatedAt = max(movie.updatedAt, Timestamp(microseconds: last.microseconds + 1))
                    }
                    known.updated[itemID] = max(last, movie.updatedAt)
                } else {
                    known.updated[itemID] = movie.updatedAt
                }
                known.scale.apply(to: &movie)
                return movie
            }
        }
    }
}
