import Domain
import HTTPClient
import Synchronization

/// How one question is asked, and asked again.
extension TMDBCollector {
    enum Outcome {
        case answer([UInt8], JSONObject)
        /// The film is not there.
        case missing
        /// It answered, again and again, what is none.
        case odd(reason: String)
    }

    /// - Parameter retries: counts requests that were sent again.
    /// - Throws: ``CatalogError``: `apiRefused`, `apiUnavailable`, `apiProtocol`; `CancellationError`.
    func ask(_ question: TMDBQuestion, retries: inout Int) async throws -> Outcome {
        var flaw = (reason: "", isAnswer: false)
        for attempt in 1...max(1, configuration.attempts) {
            if attempt > 1 { retries += 1 }
            try await pacer.wait()
            let wait: Duration?
            do {
                let response = try await send(question)
                switch response.status {
                case 200:
                    guard let object = JSONObject(parsing: response.body) else {
                        // A page of a proxy, or an answer that was cut short.
                        flaw = ("its answer is no JSON object, but \(Self.type(of: response))", true)
                        break
                    }
                    guard let odd = question.flaw(of: object) else { return .answer(response.body, object) }
                    flaw = (odd, true)
                case 404: return .missing
                case 401, 403: throw CatalogError.apiRefused(server: server, status: response.status)
                case 429, 500...599: flaw = ("it answers with status \(response.status)", false)
                default:
                    throw CatalogError.apiProtocol(
                        server: server, reason: "it answers with status \(response.status)")
                }
                wait = response.retryAfter()
            } catch let error as HTTPClientError {
                guard error.isRetriable else {
                    throw CatalogError.apiUnavailable(server: server, reason: Self.reason(error))
                }
                flaw = (Self.reason(error), false)
                wait = nil
            }
            guard attempt < configuration.attempts else { break }
            // What answered wrongly once may be a proxy's slip; the same twice is the answer.
            if flaw.isAnswer, attempt == 2 { break }
            let pause = max(backoff(after: attempt), min(wait ?? .zero, .seconds(300)))
            // Who is told to slow down slows down with all requests.
            if wait != nil { pacer.pause(for: pause) } else { try await Task.sleep(for: pause) }
        }
        if flaw.isAnswer { return .odd(reason: flaw.reason) }
        throw CatalogError.apiUnavailable(server: server, reason: flaw.reason)
    }

    private func send(_ question: TMDBQuestion) async throws -> HTTPResponse {
        let url =
            "\(configuration.url)\(question.path)&language=\(configuration.language)\(configuration.key.query)"
        return try await http.send(
            HTTPRequest(
                .get, url, headers: [HTTPHeader("Accept", "application/json")],
                credentials: configuration.key.credentials, deadline: configuration.deadline, attempts: 1))
    }

    /// Half a sentence.
    private static func reason(_ error: HTTPClientError) -> String {
        error.message.hasSuffix(".") ? String(error.message.dropLast()) : error.message
    }

    private static func type(of response: HTTPResponse) -> String {
        let type = response.header("Content-Type")?.prefix { $0 != ";" } ?? "of no type"
        return String(type.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 }.prefix(40).map(Character.init))
    }

    private func backoff(after attempt: Int) -> Duration {
        min(configuration.backoff * (1 << min(attempt - 1, 10)), .seconds(60)) * Double.random(in: 0.5...1)
    }
}

/// Spreads requests over time: no two closer than the rate allows, and none while everybody has to wait.
final class TMDBPacer: Sendable {
    private let gap: Duration
    private let next = Mutex(ContinuousClock.now)

    /// - Parameter rate: requests a second, more than 0.
    init(rate: Double) { gap = .seconds(1 / max(rate, 0.001)) }

    /// Returns when the next request may be sent.
    /// - Throws: `CancellationError`.
    func wait() async throws {
        while true {
            let now = ContinuousClock.now
            let start = next.withLock { next -> ContinuousClock.Instant? in
                guard next <= now else { return next }
                next = max(next + gap, now)
                return nil
            }
            guard let start else { return try Task.checkCancellation() }
            try await Task.sleep(until: start)
        }
    }

    /// Sends nothing for so long.
    func pause(for time: Duration) { next.withLock { $0 = max($0, .now + time) } }
}
