internal import Catalog
internal import Operations
internal import Synchronization

/// What content similarity answered: a list, or why there is none.
struct SimilarItems: Sendable {
    /// Best first.
    var items: [(place: Int32, score: Float)] = []
    /// The source failed or was too slow; the answer is made without it and says so.
    var isDegraded = false
}

/// Asks the content source within a deadline: an answer never waits longer for it than that.
struct ContentLookup: Sendable {
    let deadline: Duration
    /// Hears how asking another service went.
    var failures: ContentFailures?
    /// Up to so many films the index in this process is asked on the connection's thread: about a millisecond. A larger
    /// one would hold up the other connections.
    static let immediateCount = 200_000

    /// The answer without waiting, if there is one: nothing to ask, remembered, or a small index in this process.
    func immediately(_ query: ContentQuery, _ state: ServingState) -> SimilarItems? {
        if query.seeds.isEmpty { return SimilarItems() }
        guard let places = state.contentPlaces else { return nil }
        if let items = state.contentMemory[query.key] { return SimilarItems(items: items) }
        guard places.index.count <= Self.immediateCount else { return nil }
        return SimilarItems(items: ask(places, query, state))
    }

    func ask(_ query: ContentQuery, _ state: ServingState) async -> SimilarItems {
        if query.seeds.isEmpty { return SimilarItems() }
        // Not a task group: that would wait for a source that does not heed cancellation.
        let race = Race()
        return await withCheckedContinuation { continuation in
            race.begin(continuation)
            let asking = Task {
                do {
                    let items = try await answer(query, state)
                    race.finish(SimilarItems(items: items)) {
                        if state.contentPlaces == nil { failures?.succeeded() }
                    }
                } catch {
                    race.finish(SimilarItems(isDegraded: true)) { failures?.failed(state.content, error) }
                }
            }
            let timing = Task {
                // A little later than the source's own deadline: what that says tells more.
                try await Task.sleep(for: deadline + deadline / 10)
                race.finish(SimilarItems(isDegraded: true)) {
                    asking.cancel()
                    failures?.tooSlow(state.content)
                }
            }
            race.whenFinished { timing.cancel() }
        }
    }

    private func answer(_ query: ContentQuery, _ state: ServingState) async throws -> [(place: Int32, score: Float)] {
        if let places = state.contentPlaces { return ask(places, query, state) }
        // Not remembered: what another service says may change, and its failing must show.
        let found = try await state.content.similar(
            to: query.seeds.map { state.items.ids[Int($0)] },
            excluding: query.excluded.map { state.items.ids[Int($0)] }, where: query.allowed?.filter,
            limit: query.limit)
        return places(of: found, in: state)
    }

    private func ask(
        _ places: ContentPlaces, _ query: ContentQuery, _ state: ServingState
    ) -> [(place: Int32, score: Float)] {
        let items = places.mostSimilar(query)
        state.contentMemory[query.key] = items
        return items
    }

    private func places(of found: [ScoredItem], in state: ServingState) -> [(place: Int32, score: Float)] {
        found.compactMap { item in state.items.place(of: item.itemID).map { (place: $0, score: item.score) } }
    }

    /// The continuation that the first of two tasks resumes.
    private final class Race: Sendable {
        private struct State {
            var continuation: CheckedContinuation<SimilarItems, Never>?
            var isFinished = false
            var afterwards: (@Sendable () -> Void)?
        }
        private let state = Mutex(State())

        func begin(_ continuation: CheckedContinuation<SimilarItems, Never>) {
            state.withLock { $0.continuation = continuation }
        }

        func whenFinished(_ body: @escaping @Sendable () -> Void) {
            let isFinished = state.withLock { state in
                if !state.isFinished { state.afterwards = body }
                return state.isFinished
            }
            if isFinished { body() }
        }

        /// Resumes, if this is the first.
        /// - Parameter first: done before that, so that whoever has the answer finds written down how it came about.
        func finish(_ items: SimilarItems, first: () -> Void) {
            let (continuation, afterwards) = state.withLock { state in
                defer { state = State(isFinished: true) }
                return (state.continuation, state.afterwards)
            }
            guard let continuation else { return }
            first()
            continuation.resume(returning: items)
            afterwards?()
        }
    }
}
