internal import HTTPServer
internal import Operations
internal import Synchronization

/// Routes requests and counts them, by pattern and class of status: never by user or item.
final class MeasuredHandler: HTTPHandler {
    private struct Instruments {
        let seconds: Histogram
        /// By the first digit of the status, 1…5.
        let classes: [Counter]
    }

    private let router: HTTPRouter
    private let instruments: [String: Instruments]
    private let unmatched: Instruments

    init(_ router: HTTPRouter) {
        self.router = router
        instruments = Dictionary(
            router.routes.map { ($0.pattern, Self.instruments($0.pattern)) }, uniquingKeysWith: { first, _ in first })
        unmatched = Self.instruments("none")
    }

    private static func instruments(_ route: String) -> Instruments {
        Instruments(
            seconds: Metrics.shared.histogram(
                "marquee_http_request_seconds", help: "Time from the whole request to its answer.",
                labels: ["route": route]),
            classes: (1...5).map {
                Metrics.shared.counter(
                    "marquee_http_responses_total", help: "Responses by route and class of status.",
                    labels: ["route": route, "status": "\($0)xx"])
            })
    }

    func respond(to request: HTTPRequest) -> HTTPReply {
        guard let match = router.match(request.segments) else {
            return .now(measured(HTTPRouter.notFound(request), request, unmatched))
        }
        let instruments = instruments[match.pattern] ?? unmatched
        let trace = RequestTrace(request, match.pattern)
        switch router.respond(to: request, by: match) {
        case .now(let response):
            trace.end(response, request, match.pattern)
            return .now(measured(response, request, instruments))
        case .later(let work):
            return .later { [self] in
                let response = await trace.running(work)
                trace.end(response, request, match.pattern)
                return measured(response, request, instruments)
            }
        }
    }

    func refuse(_ refusal: HTTPRefusal, id: String) -> HTTPResponse {
        unmatched.classes[refusal.status / 100 - 1].increment()
        return HTTPProblem(refusal).response(requestID: id)
    }

    private func measured(_ response: HTTPResponse, _ request: HTTPRequest, _ instruments: Instruments) -> HTTPResponse
    {
        instruments.classes[min(4, max(0, response.status / 100 - 1))].increment()
        instruments.seconds.observe((ContinuousClock.now - request.receivedAt) / .seconds(1))
        return response
    }
}
