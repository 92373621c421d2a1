internal import Domain
public import Operations
internal import Synchronization

/// Carries out the erasures of a deployment beside serving: those asked for over REST, those that another process began, and
/// those that a process left when it died.
///
/// One at a time, from place to place. What is pending is tried again every minute, so an erasure that waits for a training, or
/// for a search service, is complete within a minute after that.
public final class ErasureService: Service {
    public let name = "erasures"
    private let eraser: Eraser
    private let jobs: JobLedger
    private let register: PersonalRegister
    private let isWanted = Atomic(true)
    private static let job = "erasures"
    private static let rhythm = Duration.seconds(60)
    private static let log = Log("privacy")

    /// - Parameter state: where `eraser` writes what it does.
    public init(_ eraser: Eraser, state: StateDatabase) {
        self.eraser = eraser
        jobs = JobLedger(state)
        register = PersonalRegister(state)
    }

    /// What became of a request for an erasure.
    public enum Start: Sendable {
        case begun(ErasureRecord)
        /// The request came before, under the same key.
        case replayed(ErasureRecord)
        /// The key belongs to a request for somebody else.
        case keyReused
    }

    /// Masks a user, and has the rest done.
    /// - Parameters:
    ///   - who: asks for it; see `AuditedChange.who`.
    ///   - key: the same request under the same key is one erasure, also when that is complete.
    public func begin(
        _ user: String, by who: String, reason: String = "", requestID: String = "", key: String? = nil
    ) async throws -> Start {
        // What is kept of a request names nobody.
        let request = try await BlockingWork.run("privacy") { [register] _ in try register.subject(of: user) }
        if let key {
            let known = try await BlockingWork.run("privacy") { [jobs] _ in try jobs.run(of: Self.job, key: key) }
            if let known {
                guard known.request == request else { return .keyReused }
                return .replayed(try await eraser.record(known.document))
            }
        }
        let record = try await eraser.begin(user, by: who, reason: reason, requestID: requestID)
        if let key {
            // Whoever dies before this is asked again, and then it is the erasure that is under way.
            let run = JobLedger.Run(id: Outbox.newID(), isOver: true, request: request, document: record.id)
            let other = try await BlockingWork.run("privacy") { [jobs] _ in
                try jobs.begin(run, of: Self.job, key: key)
            }
            if let other {
                guard other.request == request else { return .keyReused }
                return .replayed(try await eraser.record(other.document))
            }
        }
        isWanted.store(true, ordering: .releasing)
        return .begun(record)
    }

    /// An erasure as it stands, and the HMAC-SHA-256 of its receipt once it is complete.
    public func record(_ id: String) async throws -> (json: [UInt8], signature: String?) {
        var record = try await eraser.record(id)
        if record.state == .complete, let receipt = try await eraser.receipt(id) {
            return (receipt.json, receipt.signature)
        }
        // Who asks may know whom it is about; others who read the answer need not.
        record.user = nil
        return (try record.json(), nil)
    }

    /// Those under way, oldest first.
    public func open() async throws -> [ErasureRecord] { try await eraser.open() }

    /// Does what is to be done until cancelled. What was begun goes on in the next process.
    public func run() async throws {
        var last: ContinuousClock.Instant?
        while !Task.isCancelled {
            let isDue = last.map { ContinuousClock.now - $0 >= Self.rhythm } ?? true
            if isWanted.exchange(false, ordering: .acquiring) || isDue {
                await carryOut()
                last = .now
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func carryOut() async {
        do {
            for erasure in try await eraser.open() where !Task.isCancelled {
                let record = try await eraser.run(erasure.id)
                if record.state == .complete { Self.log.info("an erasure is complete", ["erasure": record.id]) }
            }
        } catch is CancellationError {
            // The next process goes on.
        } catch {
            Self.log.error("erasures cannot be carried out; they will be tried again", ["why": "\(error)"])
        }
    }
}
