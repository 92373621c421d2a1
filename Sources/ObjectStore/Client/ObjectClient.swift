internal import Domain
internal import Foundation
internal import HTTPClient
internal import Operations
internal import Synchronization

/// Sends signed requests to one bucket, again and again where that is safe, and tells what a refusal means. Blocks.
///
/// Repeated are: what brought no answer, 408, 429, 500, 502, 503, 504, and `SlowDown`, with pauses that double from a tenth of a
/// second to five, a random share of each, because clients that were refused together must not come back together. Each
/// attempt is signed anew. An attempt whose answer was lost may have been carried out, and nobody can say whether there was
/// one: libcurl itself sends a request again where a kept connection turns out to be dead. So every write is marked, and one
/// that is refused is looked into.
final class ObjectClient: Sendable {
    /// How often a request is sent at most.
    static let maximumAttempts = 8

    let settings: ObjectStoreSettings
    let bucket: String
    private let http: HTTPClient
    private let known: Mutex<ObjectCredentials>
    private let base: (url: String, host: String, path: String)

    /// Connects to nothing yet.
    /// - Throws: ``ObjectStoreError/noCredentials(profile:)``
    init(_ settings: ObjectStoreSettings, bucket: String) throws {
        self.settings = settings
        self.bucket = bucket
        known = Mutex(try settings.credentials())
        var configuration = HTTPClient.Configuration()
        configuration.connectTimeout = .seconds(5)
        // A part of a large object over a slow line.
        configuration.deadline = .seconds(120)
        configuration.attempts = 1
        configuration.breaker.failures = 0
        configuration.maximumResponseBytes = 1 << 30
        configuration.certificateAuthority = settings.certificateAuthority
        http = HTTPClient(configuration)
        base = Self.base(settings, bucket)
    }

    deinit { http.close() }

    /// One request to the bucket or an object of it.
    struct Request {
        var method: HTTPRequest.Method
        /// Nil for the bucket itself.
        var key: String?
        /// Not encoded.
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8]?
        /// A verb for messages, such as `read`.
        var operation: String
        /// What stands for the object in messages.
        var path: String
        /// Statuses from 400 on that are answers to the caller and no failures.
        var expected: Set<Int> = []
    }

    /// - Throws: ``ObjectStoreError``
    func send(_ request: Request) throws -> HTTPResponse {
        var attempt = 1
        var hasReadCredentials = false
        while true {
            let reason: String
            do {
                let response = try http.sendOnceBlocking(signed(request))
                if response.status < 300 || request.expected.contains(response.status) { return response }
                let refusal = Refusal(response)
                if refusal.code == "ExpiredToken", !hasReadCredentials, try readCredentials() {
                    hasReadCredentials = true
                    continue
                }
                guard refusal.isTemporary else { throw meaning(of: refusal, request) }
                reason = "the service answers \(refusal.text)"
            } catch let error as HTTPClientError {
                guard error.isRetriable else { throw error }
                reason = error.message.last == "." ? String(error.message.dropLast()) : error.message
            }
            guard attempt < Self.maximumAttempts else {
                throw ObjectStoreError.unavailable(
                    path: request.path, operation: request.operation, attempts: attempt, reason: reason)
            }
            Self.log.debug(
                "asked again", ["operation": request.operation, "path": request.path, "reason": reason])
            Self.pause(after: attempt)
            attempt += 1
        }
    }

    private static let log = Log("object-store")

    /// Waits a random share of a time that doubles with each attempt, from a tenth of a second to five seconds.
    static func pause(after attempt: Int) {
        Thread.sleep(forTimeInterval: min(5, 0.1 * Double(1 << min(attempt - 1, 10))) * Double.random(in: 0.3...1))
    }

    // MARK: Signing

    private static func base(_ settings: ObjectStoreSettings, _ bucket: String) -> (String, String, String) {
        let scheme = settings.endpoint.firstRange(of: "://").map { settings.endpoint[..<$0.upperBound] } ?? ""
        let rest = settings.endpoint.dropFirst(scheme.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (host, path) = (rest[..<slash], rest[slash...])
        // A certificate for *.s3.amazonaws.com does not hold for names with more dots.
        guard settings.style == .virtual, !(bucket.contains(".") && scheme == "https://") else {
            return ("\(scheme)\(host)", String(host), "\(path)/\(bucket)")
        }
        return ("\(scheme)\(bucket).\(host)", "\(bucket).\(host)", String(path))
    }

    private func signed(_ request: Request) -> HTTPRequest {
        let credentials = known.withLock { $0 }
        let time = Timestamp.now
        let hash = Digest.sha256(request.body ?? []).hex
        var headers =
            request.headers + [
                ("host", base.host), ("x-amz-date", SignatureV4.text(of: time)), ("x-amz-content-sha256", hash),
            ]
        if let token = credentials.token { headers.append(("x-amz-security-token", token)) }
        if request.body != nil { headers.append(("content-type", "application/octet-stream")) }
        let path = base.path + "/" + URIText.encoded(request.key ?? "", slash: false)
        let query = request.query.map {
            (name: URIText.encoded($0.name, slash: true), value: URIText.encoded($0.value, slash: true))
        }
        let signature = SignatureV4(
            method: request.method.rawValue, path: path, query: query, headers: headers, payloadHash: hash, time: time,
            region: settings.region)
        headers.append(
            ("authorization", signature.authorization(key: credentials.key, secret: credentials.secret)))
        // Compressed answers would not be the bytes that were asked for.
        headers.append(("accept-encoding", "identity"))
        let text = query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        return HTTPRequest(
            request.method, "\(base.url)\(path)\(text.isEmpty ? "" : "?\(text)")",
            headers: headers.map { HTTPHeader($0.name, $0.value) }, body: request.body)
    }

    /// Looks for new credentials. Returns whether there are other ones.
    private func readCredentials() throws -> Bool {
        let fresh = try settings.credentials()
        return known.withLock { known in
            defer { known = fresh }
            return known != fresh
        }
    }

    // MARK: Refusals

    private func meaning(of refusal: Refusal, _ request: Request) -> ObjectStoreError {
        let endpoint = settings.endpoint
        let (path, operation) = (request.path, request.operation)
        switch (refusal.status, refusal.code) {
        case (_, "NoSuchBucket"): return .noBucket(bucket, endpoint: endpoint)
        case (_, "RequestTimeTooSkewed"):
            return .clockSkewed(
                endpoint: endpoint, ours: Timestamp(seconds: Timestamp.now.seconds), theirs: refusal.time)
        case (_, "ExpiredToken"): return .credentialsExpired(endpoint: endpoint)
        case (_, "SignatureDoesNotMatch"), (_, "InvalidAccessKeyId"), (_, "InvalidToken"), (401, _):
            return .signatureRefused(endpoint: endpoint, code: refusal.code.isEmpty ? "401" : refusal.code)
        case (301, _), (307, _), (_, "PermanentRedirect"), (_, "AuthorizationHeaderMalformed"):
            return .wrongRegion(bucket: bucket, region: settings.region, right: refusal.region)
        case (403, _): return .denied(path: path, operation: operation)
        default:
            return .refused(
                path: path, operation: operation, status: refusal.status, code: refusal.code, reason: refusal.reason)
        }
    }
}

/// What S3 says when it does not do what it was asked for.
struct Refusal {
    let status: Int
    /// Such as `SlowDown`; empty if there is no body to read it from.
    let code: String
    /// A sentence of the service's, without its full stop.
    let reason: String
    /// The region that the bucket is in, if the answer says so.
    let region: String?
    /// The service's time, if the answer says so.
    let time: Timestamp?

    init(_ response: HTTPResponse) {
        let body = XMLElement(response.body)
        let error = body.flatMap { $0.name == "Error" ? $0 : nil }
        status = response.status
        code = error?["Code"].map { String($0.prefix(60).filter { $0.isLetter || $0.isNumber }) } ?? ""
        // Printed to terminals: one line, no control characters.
        let text = error?["Message"].map { String($0.prefix(200).filter { $0 >= " " && $0 != "\u{7F}" }) } ?? ""
        reason = text.hasSuffix(".") ? String(text.dropLast()) : text
        region = response.header("x-amz-bucket-region") ?? error?["Region"]
        time = error?["ServerTime"].flatMap { Timestamp($0) } ?? response.header("Date").flatMap(HTTPDate.timestamp)
    }

    /// `503 SlowDown`
    var text: String { code.isEmpty ? "\(status)" : "\(status) \(code)" }

    var isTemporary: Bool {
        [408, 429, 500, 502, 503, 504].contains(status)
            || ["SlowDown", "InternalError", "RequestTimeout", "OperationAborted", "ServiceUnavailable"].contains(code)
    }
}

/// The dates of HTTP headers: `Wed, 12 Oct 2009 17:50:00 GMT`.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func timestamp(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, let month = months.firstIndex(of: String(parts[2])) else { return nil }
        let number = month + 1
        return Timestamp("\(parts[3])-\(number < 10 ? "0" : "")\(number)-\(parts[1])T\(parts[4])Z")
    }
}
