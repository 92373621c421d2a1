internal import Catalog
internal import Operations
internal import Synchronization

/// What content similarity answered: a list, or why there is none.
struct SimilarItems: Sendable {
    var items: [ScoredItem] = []
    /// The source failed or was too slow; the answer is made without it and says so.
    var isDegraded = false
}

/// Asks the content source within a deadline: an answer never waits longer for it than that.
struct ContentLookup: Sendable {
    let deadline: Duration
    private static let log = Log("serving")

    /// The answer without waiting, if the source is the index in this process.
    func immediately(_ source: any ContentSource, seeds: [String], excluding: Set<String>, limit: Int) -> SimilarItems?
    {
        if seeds.isEmpty { return SimilarItems() }
        guard let index = source as? ContentIndex else { return nil }
        return SimilarItems(items: index.mostSimilar(to: seeds, excluding: excluding, limit: limit))
    }

    func ask(_ source: any ContentSource, seeds: [String], excluding: Set<String>, limit: Int) async -> SimilarItems {
        if seeds.isEmpty { return SimilarItems() }
        // Not a task group: that would wait for a source that does not heed cancellation.
        let race = Mutex<CheckedContinuation<SimilarItems, Never>?>(nil)
        let shared = Shared(race)
        return await withCheckedContinuation { continuation in
            shared.race.withLock { $0 = continuation }
            let asking = Task {
                do {
                    let items = try await source.similar(to: seeds, excluding: excluding, limit: limit)
                    shared.finish(SimilarItems(items: items))
                } catch {
                    Self.log.debug("content similarity failed", ["source": source.name, "error": "\(error)"])
                    shared.finish(SimilarItems(isDegraded: true))
                }
            }
            Task {
                try? await Task.sleep(for: deadline)
                if shared.finish(SimilarItems(isDegraded: true)) { asking.cancel() }
            }
        }
    }

    /// The continuation that the first of two tasks resumes.
    private final class Shared: Sendable {
        let race: Mutex<CheckedContinuation<SimilarItems, Never>?>
        init(_ race: consuming Mutex<CheckedContinuation<SimilarItems, Never>?>) { self.race = race }

        @discardableResult
        func finish(_ items: SimilarItems) -> Bool {
            let continuation = race.withLock { continuation in
                defer { continuation = nil }
                return continuation
            }
            continuation?.resume(returning: items)
            return continuation != nil
        }
    }
}
