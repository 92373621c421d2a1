internal import HTTPServer
internal import Operations

/// What a request has to do with traces: its caller's context, and the span it is here.
struct RequestTrace: Sendable {
    private let span: OpenSpan?
    private let context: TraceContext?

    init(_ request: HTTPRequest, _ pattern: String) {
        let parent = request.headers["traceparent"].flatMap {
            TraceContext(traceparent: $0, state: request.headers.values(of: "tracestate").joined(separator: ","))
        }
        span = Tracer.shared.begin(
            "\(request.method) \(pattern)", .server, below: parent, started: request.receivedAt)
        context = span?.context ?? parent
    }

    /// Work whose own requests belong to this one.
    func running(_ work: @Sendable () async -> HTTPResponse) async -> HTTPResponse {
        guard let context else { return await work() }
        return await TraceContext.$current.withValue(context) { await work() }
    }

    func end(_ response: HTTPResponse, _ request: HTTPRequest, _ pattern: String) {
        span?.end(
            [
                ("http.request.method", .text("\(request.method)")), ("http.route", .text(pattern)),
                ("http.response.status_code", .number(response.status)), ("marquee.request_id", .text(request.id)),
            ], hasFailed: response.status >= 500)
    }
}
