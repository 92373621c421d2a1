internal import Catalog
internal import Synchronization

/// A catalogue in service whose newest films wait to be indexed, together with what else is edited meanwhile.
final class UnindexedFilms: Sendable {
    private struct State {
        var films: CatalogSnapshot?
        var changed = 0
        /// Counts the catalogues that were indexed at once: what was taken before is older.
        var number = 0
    }

    private let state = Mutex(State())

    /// The films are to be indexed.
    /// - Parameter changed: how many of them the index does not know.
    /// - Returns: how many wait.
    func add(_ films: CatalogSnapshot, changed: Int) -> Int {
        state.withLock { state in
            state.films = films
            state.changed += changed
            return state.changed
        }
    }

    /// Nothing waits: all was indexed at once.
    func clear() { state.withLock { $0 = State(number: $0.number + 1) } }

    /// Takes what is to be indexed, if there is anything.
    func take() -> (films: CatalogSnapshot, number: Int)? {
        state.withLock { state in
            guard let films = state.films else { return nil }
            state.films = nil
            state.changed = 0
            return (films, state.number)
        }
    }

    /// Whether no newer index is in service than one of what was taken.
    func isStillWanted(_ number: Int) -> Bool { state.withLock { $0.number == number } }

    /// How many films wait.
    var count: Int { state.withLock { $0.changed } }
}
