/// Runs services together and stops them together.
///
/// They start in the order given, so that a later one may lean on an earlier one, and stop in reverse: each is
/// cancelled and has returned before the one started before it is cancelled. Cancelling the task that runs the group,
/// as ``SignalWatch`` lets the command line do, begins the stop.
public struct ServiceGroup: Sendable {
    /// Why the group ended without an error.
    public enum Outcome: Sendable {
        case finished
        /// Cancellation asked for it.
        case stopped
    }

    private var members: [any Service] = []
    private let log = Log("services")

    public init() {}

    /// Adds a service to be started after those added before. When it returns, the work is done and the others are stopped.
    public mutating func add(_ service: any Service) { members.append(service) }

    private enum Note: Sendable {
        case returned(Int, (any Error)?)
        case stopAsked
    }

    /// Runs all services to the end.
    /// - Throws: the error of the first service that failed, after all others have stopped.
    public func run() async throws -> Outcome {
        let (notes, sink) = AsyncStream.makeStream(of: Note.self)
        var tasks: [Task<Void, Never>] = []
        for (index, service) in members.enumerated() {
            log.debug("starting", ["service": service.name])
            tasks.append(
                Task {
                    do {
                        try await service.run()
                        sink.yield(.returned(index, nil))
                    } catch {
                        sink.yield(.returned(index, error))
                    }
                })
        }
        // A task of its own, because iterating a stream ends at once in a cancelled task, and the stop takes its time.
        let started = tasks
        let follower = Task { try await follow(notes, started) }
        return try await withTaskCancellationHandler {
            try await follower.value
        } onCancel: {
            sink.yield(.stopAsked)
        }
    }

    private func follow(_ notes: AsyncStream<Note>, _ tasks: [Task<Void, Never>]) async throws -> Outcome {
        var running = Set(tasks.indices)
        var failure: (any Error)?
        var stopping = false
        var asked = false
        if running.isEmpty { return .finished }
        for await note in notes {
            switch note {
            case .stopAsked:
                asked = true
                stopping = true
            case .returned(let index, let error):
                running.remove(index)
                stopping = true
                if let error, !(error is CancellationError) {
                    if failure == nil {
                        failure = error
                    } else {
                        log.error(
                            "failed while stopping", ["service": members[index].name, "error": "\(error)"])
                    }
                }
            }
            if running.isEmpty { break }
            if stopping, let last = running.max() {
                log.debug("stopping", ["service": members[last].name])
                tasks[last].cancel()
            }
        }
        if let failure { throw failure }
        return asked ? .stopped : .finished
    }
}
