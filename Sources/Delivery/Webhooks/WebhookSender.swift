internal import Domain
internal import HTTPClient
public import Operations
internal import Synchronization

/// Sends what is in the outbox to its endpoints: at least once, in the background.
///
/// Who posts a message never waits for a receiver. An attempt ends after ``WebhookPolicy/timeout``; what did not get a 2xx
/// is tried again after 10 s, 20 s, 40 s … up to 6 h, a fifth more or less, so that receivers that were away are not hit
/// by all at once, and not before the time that the receiver asks for by `Retry-After`. After
/// ``WebhookPolicy/attempts`` attempts, or at once when the receiver answers 410 or is not allowed, the message is dead:
/// it stays in the outbox with its reason until somebody revives it. Redirects are not followed.
public final class WebhookSender: Service {
    public let name = "webhooks"
    private let endpoints: [WebhookEndpoint]
    private let outbox: Outbox
    private let ledger: DeliveryLedger
    private let policy: WebhookPolicy
    /// For targets that must be public, and for those that need not.
    private let guarded: HTTPClient
    private let open: HTTPClient
    /// Receivers that have asked to be left alone, by their addresses, and until when.
    private let quiet = Mutex<[String: Timestamp]>([:])
    private static let log = Log("webhooks")

    /// - Parameter state: its outbox is shared by all senders and posters of a deployment.
    public init(_ endpoints: [WebhookEndpoint], state: StateDatabase, policy: WebhookPolicy = WebhookPolicy()) {
        self.endpoints = endpoints
        outbox = Outbox(state)
        ledger = DeliveryLedger(state)
        self.policy = policy
        var configuration = HTTPClientConfiguration()
        configuration.attempts = 1
        configuration.breaker.failures = 0
        // The answer's body is not looked at. Some is read, so that the connection can be used again.
        configuration.maximumResponseBytes = 1 << 20
        configuration.cutsLongResponses = true
        configuration.connectTimeout = .seconds(5)
        // There are as many senders as may be on the wire.
        configuration.connectionsPerServer = 0
        open = HTTPClient(configuration)
        configuration.onlyPublicAddresses = true
        guarded = HTTPClient(configuration)
    }

    /// The whole addresses, as the outbox has them.
    var addresses: [String] { endpoints.map(\.url) }

    /// The message for every endpoint, each with an id of its own.
    func drafts(of message: WebhookMessage) -> [Outbox.Draft] {
        endpoints.map { Self.draft(message, to: $0.url) }
    }

    private static func draft(_ message: WebhookMessage, to url: String) -> Outbox.Draft {
        let id = Outbox.newID()
        return Outbox.Draft(message.type, to: url, id: id, body: message.body(id: id))
    }

    /// Puts a message for every endpoint into the outbox. Blocks until it is written.
    /// - Throws: `SQLiteError`.
    public func post(_ message: WebhookMessage) throws { try outbox.add(drafts(of: message)) }

    /// Posts what has been added to a growing record since it was last looked at, once for each endpoint, whoever looks:
    /// how far was told is written down with the messages. Nothing is told of what was there when an endpoint was first
    /// given. Blocks.
    /// - Parameters:
    ///   - record: its name in the state.
    ///   - count: of entries so far.
    ///   - message: of an entry, counted from 0; nil for those that nobody needs to hear of.
    /// - Throws: `SQLiteError`.
    public func follow(_ record: String, count: Int, _ message: (Int) -> WebhookMessage?) throws {
        for endpoint in endpoints {
            let mark = "told \(record) to \(endpoint.url)"
            let told = Int(try ledger.mark(mark, else: Int64(count)))
            guard told != count else { continue }
            // A record that became shorter is another one.
            let messages = told < count ? (told..<count).compactMap(message) : []
            try ledger.move(
                mark, from: Int64(told), to: Int64(count), messages: messages.map { Self.draft($0, to: endpoint.url) })
        }
    }

    /// Messages that are written down for its receivers and not delivered. Blocks.
    public func waiting() throws -> Int { try outbox.waiting(for: addresses) }

    /// Sends until it is cancelled; what is on the wire then is tried again by whoever sends next.
    /// - Throws: `SQLiteError.gone` if the state must stay and does not.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for endpoint in endpoints {
                for _ in 0..<policy.concurrency {
                    group.addTask {
                        while !Task.isCancelled {
                            if try await !self.sendNext(to: endpoint) {
                                try? await Task.sleep(for: .milliseconds(500))
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
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
                    while !Task.isCancelled, (try? await self.sendNext(to: endpoint)) == true {}
                    return false
                }
            }
            // Either all have nothing more to send, or the time is over.
            var sending = endpoints.count
            while sending > 0, await group.next() == false { sending -= 1 }
            group.cancelAll()
        }
    }

    // MARK: One endpoint

    /// - Returns: whether there was one to send.
    /// - Throws: `SQLiteError.gone`; what else is wrong with the outbox is logged, and may pass.
    private func sendNext(to endpoint: WebhookEndpoint) async throws -> Bool {
        if let until = quiet.withLock({ $0[endpoint.url] }), Timestamp.now < until { return false }
        do {
            let term = policy.timeout + .seconds(30)
            let message = try await BlockingWork.run("outbox") { [outbox] _ in
                try outbox.reclaim()
                return try outbox.claim(for: endpoint.url, term: term).first
            }
            guard let message else { return false }
            let outcome = await attempt(message, to: endpoint)
            if case .failed(_, let wait?) = outcome {
                quiet.withLock { $0[endpoint.url] = Timestamp.now.advanced(bySeconds: wait.inSeconds) }
            }
            try await settle([(message.id, judge(message, outcome, endpoint))])
            return true
        } catch let error as SQLiteError where error.isGone {
            throw error
        } catch {
            Self.log.error("the outbox cannot be used", ["server": endpoint.server, "why": "\(error)"])
            return false
        }
    }

    private func settle(_ verdicts: [(id: String, verdict: Outbox.Verdict)]) async throws {
        try await BlockingWork.run("outbox") { [outbox] _ in try outbox.settle(verdicts) }
    }

    private func attempt(_ message: Outbox.Message, to endpoint: WebhookEndpoint) async -> WebhookOutcome {
        let request = HTTPRequest(
            .post, endpoint.url,
            headers: [
                HTTPHeader("Content-Type", "application/json"), HTTPHeader("Marquee-Delivery", message.id),
                HTTPHeader("Marquee-Event", message.type),
                HTTPHeader(
                    WebhookSignature.header,
                    WebhookSignature.value(of: message.body, at: .now, secrets: endpoint.secrets)),
            ],
            body: message.body, deadline: policy.timeout, attempts: 1)
        do {
            let response = try await (endpoint.allowsPrivateTargets ? open : guarded).send(request)
            return WebhookOutcome(response)
        } catch let error as HTTPClientError {
            if case .forbiddenTarget = error { return .hopeless(error.description) }
            return Task.isCancelled ? .interrupted : .failed(error.message)
        } catch {
            return .interrupted
        }
    }

    /// What follows from an attempt; says so in the log and the metrics.
    private func judge(
        _ message: Outbox.Message, _ outcome: WebhookOutcome, _ endpoint: WebhookEndpoint
    ) -> Outbox.Verdict {
        switch outcome {
        case .delivered(let status):
            count("delivered")
            Self.log.debug(
                "delivered",
                ["type": message.type, "to": endpoint.server, "delivery": message.id, "status": status])
            return .delivered
        case .failed(let reason, let wait) where message.attempts < policy.attempts:
            let pause = max(policy.pause(after: message.attempts), wait ?? .zero)
            count("failed")
            Self.log.warning(
                "not delivered; it is tried again",
                [
                    "type": message.type, "to": endpoint.server, "delivery": message.id, "attempt": message.attempts,
                    "why": reason, "in_seconds": pause.inSeconds.rounded(),
                ])
            return .again(at: Timestamp.now.advanced(bySeconds: pause.inSeconds), reason: reason)
        case .failed(let reason, _), .hopeless(let reason):
            count("dead")
            Self.log.error(
                "not delivered and given up",
                [
                    "type": message.type, "to": endpoint.server, "delivery": message.id, "attempts": message.attempts,
                    "why": reason, "advice": "marquee webhooks retry \(message.id)",
                ])
            return .dead(reason: reason)
        case .interrupted: return .unsent(until: .now, reason: "the sender was stopped")
        }
    }

    private func count(_ outcome: String) {
        Metrics.shared.counter(
            "marquee_webhook_attempts_total", help: "Attempts to deliver a webhook, by how they ended.",
            labels: ["outcome": outcome]
        ).increment()
    }
}
