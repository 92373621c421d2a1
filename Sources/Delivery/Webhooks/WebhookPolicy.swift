internal import Domain
internal import HTTPClient

/// How hard a sender tries.
public struct WebhookPolicy: Sendable {
    /// Attempts before a message is given up: with the default pauses the last comes about a day after the first.
    public var attempts = 15
    /// Before the second attempt; it doubles from there.
    public var firstPause = Duration.seconds(10)
    /// No pause is longer, unless the receiver asks for it.
    public var longestPause = Duration.seconds(6 * 3600)
    /// For the whole of an attempt.
    public var timeout = Duration.seconds(10)
    /// Messages of one endpoint that are on the wire at once.
    public var concurrency = 4

    public init() {}

    /// The pause after so many attempts, a fifth more or less.
    func pause(after attempt: Int) -> Duration {
        RetryPause.after(attempt, first: firstPause, longest: longestPause)
    }
}

/// How an attempt ended.
enum WebhookOutcome: Sendable {
    case delivered(status: Int)
    /// - Parameter wait: what the receiver asks for, a day at most; nil if it does not.
    case failed(String, wait: Duration? = nil)
    case hopeless(String)
    /// The process is about to end.
    case interrupted

    init(_ response: HTTPResponse) {
        switch response.status {
        case 200..<300: self = .delivered(status: response.status)
        case 300..<400: self = .failed("it answered \(response.status); redirects are not followed")
        case 410: self = .hopeless("it answered 410: it wants no more")
        case 429, 503: self = .failed("it answered \(response.status)", wait: response.retryAfter())
        default: self = .failed("it answered \(response.status)")
        }
    }
}
