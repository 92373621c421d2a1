internal import HTTPServer

/// Lets pages of named origins read the answers (the CORS protocol of the Fetch standard): all others' browsers do not.
///
/// No credentials of the browser are asked for: a page sends its key itself.
final class CrossOriginHandler: HTTPHandler {
    private let next: any HTTPHandler
    private let origins: Set<String>

    /// - Parameter origins: as browsers send them: `https://app.example` without a path.
    init(_ next: any HTTPHandler, origins: [String]) {
        self.next = next
        self.origins = Set(origins)
    }

    func respond(to request: HTTPRequest) -> HTTPReply {
        let origin = request.headers["origin"].flatMap { origins.contains($0) ? $0 : nil }
        if request.method == .options, let origin, request.headers["access-control-request-method"] != nil {
            return .now(
                HTTPResponse(
                    status: 204, contentType: "",
                    headers: [
                        ("Access-Control-Allow-Origin", origin), ("Vary", "Origin"),
                        ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
                        (
                            "Access-Control-Allow-Headers",
                            "Authorization, Content-Type, X-API-Key, X-Request-Id, X-Timeout-Ms, Traceparent, Idempotency-Key, If-Match, If-None-Match"
                        ), ("Access-Control-Max-Age", "600"),
                    ]))
        }
        switch next.respond(to: request) {
        case .now(let response): return .now(Self.opened(response, to: origin))
        case .later(let work): return .later { Self.opened(await work(), to: origin) }
        }
    }

    func refuse(_ refusal: HTTPRefusal, id: String) -> HTTPResponse { next.refuse(refusal, id: id) }

    private static func opened(_ response: HTTPResponse, to origin: String?) -> HTTPResponse {
        var response = response
        // Also without an origin that is let in: a cache must not hand this answer to one that is.
        response.headers.append(("Vary", "Origin"))
        guard let origin else { return response }
        response.headers.append(("Access-Control-Allow-Origin", origin))
        response.headers.append(
            (
                "Access-Control-Expose-Headers",
                "X-Request-Id, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
                    + "ETag, Location, X-Degraded, Content-Disposition"
            ))
        return response
    }
}
