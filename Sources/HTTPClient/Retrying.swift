public import Domain
import Foundation

/// When a request may be sent again, and how long to wait.

extension HTTPRequest {
    func mayRepeat(after status: Int) -> Bool {
        switch status {
        // The server says it did nothing.
        case 429, 503: true
        // Someone in between does not know whether it did.
        case 502, 504: isIdempotent
        default: false
        }
    }

    func mayRepeat(after error: HTTPClientError) -> Bool {
        if case .cannotConnect = error { return true }
        return isIdempotent && error.isRetriable
    }
}

extension HTTPResponse {
    /// The wait a server asks for (RFC 9110, 10.2.3): seconds, or an HTTP date.
    ///
    /// At most a day; nil if it asks for none, or for what cannot be read.
    public func retryAfter(now: Timestamp = .now) -> Duration? {
        guard let value = header("Retry-After") else { return nil }
        if let seconds = Int(value), (0...86_400).contains(seconds) { return .seconds(seconds) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        guard let date = format.date(from: value) else { return nil }
        return .seconds(min(max(0, date.timeIntervalSince1970 - Double(now.microseconds) / 1e6), 86_400))
    }
}

/// libcurl's result code in the terms of ``HTTPClientError``.
struct TransferFailure {
    let code: UInt32
    let reason: String
    let isPastDeadline: Bool

    func error(server: String, deadline: Duration) -> HTTPClientError {
        let reason = reason.lowercasedFirst
        return switch code {
        case 3: .malformedRequest(reason: "the URL is malformed")
        // UNSUPPORTED_PROTOCOL (of the answer: the URL's was checked), WEIRD_SERVER_REPLY, BAD_CONTENT_ENCODING
        case 1, 8, 61: .malformedResponse(server: server, reason: reason)
        // FAILED_INIT, COULDNT_RESOLVE_PROXY, COULDNT_RESOLVE_HOST, COULDNT_CONNECT
        case 2, 5, 6, 7: .cannotConnect(server: server, reason: reason)
        // OPERATION_TIMEDOUT: of the whole, or of connecting alone
        case 28 where isPastDeadline: .deadlineExceeded(server: server, after: deadline)
        case 28: .cannotConnect(server: server, reason: "no connection in time")
        // SSL_CONNECT_ERROR, SSL_ENGINE…, certificates and authorities
        case 35, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91: .untrusted(server: server, reason: reason)
        default: .connectionLost(server: server, reason: reason)
        }
    }
}

extension String {
    /// As it reads within a sentence; `SSL` stays.
    fileprivate var lowercasedFirst: String {
        dropFirst().first?.isUppercase == true ? self : prefix(1).lowercased() + dropFirst()
    }
}
