public import Domain
import Synchronization

/// Puts films that arrive one batch after the other in relation to all that came before them.
///
/// The first films are measured against few; ``CatalogSnapshot`` measures all of them anew against the whole, so what
/// is served does not depend on the order of arrival. The table keeps what was known when the row was written.
public final class CatalogNormalizer: Sendable {
    private let scale: Mutex<CatalogScale>

    /// - Parameter known: The films there already.
    public init(knowing known: CatalogSnapshot = .empty) {
        var scale = CatalogScale()
        for movie in known.movies { scale.observe(movie) }
        self.scale = Mutex(scale)
    }

    /// The same films with both norms filled, measured against everything known by now, these included. O(films).
    /// Threads may call it at once; what one batch adds counts for the batches after it.
    public func normalised(_ movies: [Movie]) -> [Movie] {
        let scale = scale.withLock { scale in
            for movie in movies { scale.observe(movie) }
            return scale
        }
        return movies.map { movie in
            var movie = movie
            scale.apply(to: &movie)
            return movie
        }
    }
}
