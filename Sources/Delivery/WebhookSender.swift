internal import Domain
internal import HTTPClient
public import Operations

/// Sends what is in the outbox to its endpoints: at least once, in the background.
///
/// Who posts a message never waits for a receiver. An attempt ends after ``timeout``; what did not get a 2xx is tried
/// again after 10 s, 20 s, 40 s … up to 6 h, a fifth more or less, so that receivers that were away are not hit by all at
/// once. After ``attempts`` attempts, or at once when the receiver answers 410 or is not allowed, the message is dead:
/// it stays in the outbox with its reason until somebody revives it. Redirects are not followed.
public final class WebhookSender: Service {
    public let name = "webhooks"
    /// Attempts before a message is given up: the last about a day after the first.
    public static let attempts = 15
    /// For the whole of an attempt.
    public static let timeout = Duration.seconds(10)
    /// Messages of one endpoint that are on the wire at once.
    public static let concurrency = 4

    private let endpoints: [WebhookEndpoint]
    private let outbox: Outbox
    private let firstPause: Duration
    private let timeout: Duration
    /// For targets that must be public, and for those that need not.
    private let guarded: HTTPClient
    private let open: HTTPClient
    private static let log = Log("webhooks")

    /// - Parameters:
    ///   - outbox: shared by all senders and posters of a deployment.
    ///   - firstPause: before the second attempt; it doubles from there.
    public init(
        _ endpoints: [WebhookEndpoint], outbox: Outbox, firstPause: Duration = .seconds(10),
        timeout: Duration = WebhookSender.timeout
    ) {
        self.endpoints = endpoints
        self.outbox = outbox
        self.firstPause = firstPause
        self.timeout = timeout
        var configuration = HTTPClientConfiguration()
        configuration.attempts = 1
        configuration.breaker.failures = 0
        // The answer's body is not looked at.
        configuration.maximumResponseBytes = 1 << 20
        configuration.connectTimeout = .seconds(5)
        open = HTTPClient(configuration)
        configuration.onlyPublicAddresses = true
        guarded = HTTPClient(configuration)
    }

    /// Puts a message for every endpoint into the outbox. Blocks until it is written.
    /// - Parameters:
    ///   - type: what it is about, such as `training.promoted`.
    ///   - body: JSON, given the delivery's id.
    /// - Throws: `SQLiteError`.
    public func post(_ type: String, _ body: (_ id: String) -> [UInt8]) throws {
        for endpoint in endpoints {
            let id = Outbox.newID()
            try outbox.add(type, to: endpoint.url, id: id, body: body(id))
        }
    }

    /// Sends until it is cancelled; what is on the wire then is tried again by whoever sends next.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            for endpoint in endpoints {
                for _ in 0..<Self.concurrency {
                    group.addTask {
                        while !Task.isCancelled {
                            if await !self.sendNext(to: endpoint) { try? await Task.sleep(for: .milliseconds(500)) }
                        }
                    }
                }
            }
        }
    }

    /// Sends what is due now, for a while at most: for a process that is about to end. What it does not get rid of stays
    /// in the outbox for the next one.
    public func flush(within limit: Duration) async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                try? await Task.sleep(for: limit)
                return true
            }
            for endpoint in endpoints {
                group.addTask {
                    while !Task.isCancelled, await self.sendNext(to: endpoint) {}
                    return false
                }
            }
            // Either all have nothing more to send, or the time is over.
            var sending = endpoints.count
            while sending > 0, await group.next() == false { sending -= 1 }
            group.cancelAll()
        }
    }

    /// - Returns: whether there was one to send.
    private func sendNext(to endpoint: WebhookEndpoint) async -> Bool {
        do {
            let term = timeout + .seconds(30)
            let message = try await BlockingWork.run("outbox") { [outbox] _ in
                try outbox.claim(for: endpoint.url, term: term)
            }
            guard let message else { return false }
            let outcome = await attempt(message, to: endpoint)
            try await BlockingWork.run("outbox") { [self] _ in try settle(message, outcome, endpoint) }
            return true
        } catch {
            Self.log.error("the outbox cannot be used", ["server": endpoint.server, "why": "\(error)"])
            return false
        }
    }

    private enum Outcome {
        case delivered(status: Int)
        case failed(String)
        case hopeless(String)
        /// The process is about to end.
        case interrupted
    }

    private func attempt(_ message: Outbox.Message, to endpoint: WebhookEndpoint) async -> Outcome {
        let request = HTTPRequest(
            .post, endpoint.url,
            headers: [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Marquee-Delivery", message.id),
                HTTPHeader("Marquee-Event", message.type),
                HTTPHeader(
                    WebhookSignature.header,
                    WebhookSignature.value(of: message.body, at: .now, secrets: endpoint.secrets)),
            ],
            body: message.body, deadline: timeout, attempts: 1)
        do {
            let response = try await (endpoint.allowsPrivateTargets ? open : guarded).send(request)
            if response.isSuccess { return .delivered(status: response.status) }
            if response.status == 410 { return .hopeless("it answered 410: it wants no more") }
            let isRedirect = (300..<400).contains(response.status)
            return .failed("it answered \(response.status)" + (isRedirect ? "; redirects are not followed" : ""))
        } catch let error as HTTPClientError {
            if case .forbiddenTarget = error { return .hopeless(error.description) }
            return Task.isCancelled ? .interrupted : .failed(error.message)
        } catch {
            return .interrupted
        }
    }

    private func settle(_ message: Outbox.Message, _ outcome: Outcome, _ endpoint: WebhookEndpoint) throws {
        switch outcome {
        case .delivered(let status):
            try outbox.end(message.id, as: .delivered)
            count("delivered")
            Self.log.info(
                "delivered",
                ["type": message.type, "to": endpoint.server, "delivery": message.id, "status": status])
        case .failed(let reason) where message.attempts < Self.attempts:
            let pause = pause(after: message.attempts)
            try outbox.retry(message.id, at: Timestamp.now.advanced(bySeconds: pause.inSeconds), reason: reason)
            count("failed")
            Self.log.warning(
                "not delivered; it is tried again",
                [
                    "type": message.type, "to": endpoint.server, "delivery": message.id, "attempt": message.attempts,
                    "why": reason, "in_seconds": pause.inSeconds.rounded(),
                ])
        case .failed(let reason), .hopeless(let reason):
            try outbox.end(message.id, as: .dead, reason: reason)
            count("dead")
            Self.log.error(
                "not delivered and given up",
                [
                    "type": message.type, "to": endpoint.server, "delivery": message.id, "attempts": message.attempts,
                    "why": reason, "advice": "marquee webhooks retry \(message.id)",
                ])
        case .interrupted:
            try outbox.retry(message.id, at: .now, reason: "the sender was stopped")
        }
    }

    private func pause(after attempt: Int) -> Duration {
        let doubled = firstPause * (1 << min(attempt - 1, 20))
        return min(doubled, .seconds(6 * 3600)) * Double.random(in: 0.8...1.2)
    }

    private func count(_ outcome: String) {
        Metrics.shared.counter(
            "marquee_webhook_attempts_total", help: "Attempts to deliver a webhook, by how they ended.",
            labels: ["outcome": outcome]
        ).increment()
    }
}
