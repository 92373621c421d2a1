internal import Dispatch
import Domain
import Synchronization

/// Sends requests over pooled connections, with a deadline, bounded retries and a circuit breaker for each server.
///
///     let client = HTTPClient()
///     let response = try await client.send(HTTPRequest(.get, "http://localhost:9200/_cluster/health"))
///     print(response.status, String(decoding: response.body, as: UTF8.self))
///
/// Every answer with a status is a response, whatever the status; only what brings no answer throws. Redirects are
/// not followed. Thread-safe; make one and share it, because the open connections are its own.
public final class HTTPClient: Sendable {
    /// What holds for every request of a client: limits, waits, and the breaker.
    public typealias Configuration = HTTPClientConfiguration

    public let configuration: Configuration
    private let loop: TransferLoop
    private let breakers = Mutex<[String: CircuitBreaker]>([:])
    private let clock = ContinuousClock()

    /// Starts the thread that moves the bytes; it ends with ``close()`` or with the client. Connects to nothing yet.
    /// - Precondition: `attempts` of the configuration is 1 or more.
    public init(_ configuration: Configuration = Configuration()) {
        precondition(configuration.attempts > 0, "a request is sent at least once")
        self.configuration = configuration
        loop = TransferLoop(
            connectionsPerServer: configuration.connectionsPerServer, idleConnections: configuration.idleConnections)
    }

    deinit { loop.close() }

    /// Ends everything on the wire; later sends throw ``HTTPClientError/closed``.
    public func close() { loop.close() }

    /// Sends `request` and returns the whole answer.
    ///
    /// Sent again, with growing waits and never past the deadline: what could not connect; 429 and 503, waiting as
    /// long as `Retry-After` asks; and, if the request is idempotent, what broke on the way and 502 and 504. After the
    /// last attempt the answer is returned as it is.
    /// - Throws: ``HTTPClientError``; `CancellationError` if the task was cancelled.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let server = try ServerAddress(of: request.url).text
        try request.checkHeaders()
        let total = request.deadline ?? configuration.deadline
        let attempts = request.attempts ?? configuration.attempts
        let end = clock.now + total
        var attempt = 1
        while true {
            guard admit(to: server) else { throw HTTPClientError.circuitOpen(server: server) }
            let result = await sendOnce(request, server: server, until: end, total: total)
            try report(result, from: server)
            let pause = backoff(after: attempt)
            switch result {
            case .success(let response):
                guard attempt < attempts, request.mayRepeat(after: response.status) else {
                    return response
                }
                let wait = max(pause, response.retryAfter() ?? .zero)
                guard clock.now + wait < end else { return response }
                try await clock.sleep(for: wait)
            case .failure(let error):
                guard attempt < attempts, request.mayRepeat(after: error), clock.now + pause < end,
                    !breakers.withLock({ $0[server]?.isOpen ?? false })
                else { throw error }
                try await clock.sleep(for: pause)
            }
            attempt += 1
        }
    }

    /// Sends `request` once and blocks until its answer is here: for threads that may wait. No task is made, so it needs no
    /// thread of the cooperative pool. Neither repeats nor asks the breaker: who calls it decides what may be repeated.
    /// - Throws: ``HTTPClientError``.
    public func sendOnceBlocking(_ request: HTTPRequest) throws(HTTPClientError) -> HTTPResponse {
        let server: String
        do {
            server = try ServerAddress(of: request.url).text
            try request.checkHeaders()
        } catch let error as HTTPClientError {
            throw error
        } catch {
            throw .malformedRequest(reason: "it cannot be read")
        }
        let total = request.deadline ?? configuration.deadline
        let end = clock.now + total
        let done = DispatchSemaphore(value: 0)
        let outcome = Mutex(Transfer.Outcome.closed)
        let transfer = Transfer(request, timeout: total, configuration: configuration) { result in
            outcome.withLock { $0 = result }
            done.signal()
        }
        guard let transfer else { throw .cannotConnect(server: server, reason: "libcurl is out of memory") }
        loop.submit(transfer)
        done.wait()
        return try result(outcome.withLock { $0 }, server: server, end: end, total: total).get()
    }

    // MARK: One attempt

    private func sendOnce(
        _ request: HTTPRequest, server: String, until end: ContinuousClock.Instant, total: Duration
    ) async -> Result<HTTPResponse, HTTPClientError> {
        let started = clock.now
        return result(await exchange(request, timeout: end - started), server: server, end: end, total: total)
    }

    private func result(
        _ outcome: Transfer.Outcome, server: String, end: ContinuousClock.Instant, total: Duration
    ) -> Result<HTTPResponse, HTTPClientError> {
        switch outcome {
        case .response(let response): return .success(response)
        case .tooLarge:
            return .failure(.responseTooLarge(server: server, limit: configuration.maximumResponseBytes))
        case .forbidden: return .failure(.forbiddenTarget(server: server))
        case .closed, .cancelled: return .failure(.closed)
        case .failed(let code, let reason):
            let failure = TransferFailure(code: code, reason: reason, isPastDeadline: clock.now >= end)
            return .failure(failure.error(server: server, deadline: total))
        }
    }

    private func exchange(_ request: HTTPRequest, timeout: Duration) async -> Transfer.Outcome {
        let started = Mutex<Transfer?>(nil)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let transfer = Transfer(request, timeout: timeout, configuration: configuration) {
                    continuation.resume(returning: $0)
                }
                guard let transfer else {
                    return continuation.resume(returning: .failed(code: 2, reason: "libcurl is out of memory"))
                }
                started.withLock { $0 = transfer }
                // A cancellation before this line found no transfer to cancel.
                if Task.isCancelled { transfer.isCancelled.store(true, ordering: .releasing) }
                loop.submit(transfer)
            }
        } onCancel: {
            if let transfer = started.withLock({ $0 }) { loop.cancel(transfer) }
        }
    }

    // MARK: Breaker and backoff

    private func admit(to server: String) -> Bool {
        breakers.withLock { breakers in
            breakers[server, default: CircuitBreaker(policy: configuration.breaker)].admit(at: clock.now) == .proceed
        }
    }

    /// Tells the breaker how an attempt went.
    /// - Throws: `CancellationError` if it ended because the task was cancelled, which says nothing about the server.
    private func report(_ result: Result<HTTPResponse, HTTPClientError>, from server: String) throws {
        if case .failure(.closed) = result { try Task.checkCancellation() }
        let isFailure =
            switch result {
            case .success(let response): [502, 503, 504].contains(response.status)
            case .failure(let error): error.category == .unavailable && error != .closed
            }
        breakers.withLock { breakers in
            if isFailure {
                breakers[server]?.failed(at: clock.now)
            } else {
                breakers[server]?.succeeded()
            }
        }
    }

    private func backoff(after attempt: Int) -> Duration {
        let doubled = configuration.backoff * (1 << min(attempt - 1, 20))
        return min(doubled, configuration.maximumBackoff) * Double.random(in: 0.5...1)
    }
}
