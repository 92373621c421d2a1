import HTTPClient
import Operations

/// What one request to the search service has to do with the trace of the request it is made for.
struct ElasticsearchTrace {
    private let span: OpenSpan?
    private let context: TraceContext?
    private let method: HTTPRequest.Method

    init(_ method: HTTPRequest.Method, server: String) {
        self.method = method
        guard let parent = TraceContext.current else {
            (span, context) = (nil, nil)
            return
        }
        span = Tracer.shared.begin("\(method.rawValue) elasticsearch", .client, below: parent)
        context = span?.context ?? parent
    }

    /// What tells the service which trace it works for.
    var headers: [HTTPHeader] {
        guard let context else { return [] }
        return [HTTPHeader("traceparent", context.traceparent)]
            + (context.state.map { [HTTPHeader("tracestate", $0)] } ?? [])
    }

    /// - Parameter status: nil if there was no answer.
    func end(status: Int?) {
        span?.end(
            [("db.system.name", .text("elasticsearch")), ("http.request.method", .text(method.rawValue))]
                + (status.map { [("http.response.status_code", .number($0))] } ?? []),
            hasFailed: status.map { $0 >= 400 } ?? true)
    }
}
