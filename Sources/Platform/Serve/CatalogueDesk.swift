internal import Catalog
internal import Serving
internal import Synchronization

/// Where edits of the catalogue wait for whoever keeps it: taken together, several are one commit.
final class CatalogueDesk: CatalogueEditor {
    /// The edits of one caller.
    struct Request: Sendable {
        var edits: [CatalogEdit]
        var done: CheckedContinuation<[EditedFilm], any Error>
    }

    private struct Waiting {
        var requests: [Request] = []
        var isClosed = false
    }

    private let waiting = Mutex(Waiting())
    /// A word for each time that there may be something to do.
    let calls: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    /// Requests that may wait; more are refused, so that a store that hangs does not fill the memory.
    private static let limit = 1000

    init() { (calls, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func apply(_ edits: [CatalogEdit]) async throws -> [EditedFilm] {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = waiting.withLock { waiting in
                guard !waiting.isClosed, waiting.requests.count < Self.limit else { return false }
                waiting.requests.append(Request(edits: edits, done: continuation))
                return true
            }
            if isTaken { ring() } else { continuation.resume(throwing: ServingError.catalogueUnavailable) }
        }
    }

    /// Says that there is something to do.
    func ring() { bell.yield() }

    /// All that waits.
    func take() -> [Request] {
        waiting.withLock { waiting in
            defer { waiting.requests = [] }
            return waiting.requests
        }
    }

    /// Nobody takes edits from here on; those who wait are told so.
    func close() {
        waiting.withLock { $0.isClosed = true }
        for request in take() { request.done.resume(throwing: ServingError.catalogueUnavailable) }
    }
}
