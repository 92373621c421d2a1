internal import Domain
public import HTTPServer
internal import Operations

extension RecommendationService {
    /// The routes of the REST API, version 1. What each takes and answers is in docs/rest-api.md.
    ///
    /// They hold the service, and answer as long as someone holds them.
    public var routes: [Route] { Routes(service: self).table }
}

/// What the routes do.
struct Routes: Sendable {
    let service: RecommendationService
    private static let log = Log("serving")
    static let fieldsMeaning = "Fields of each item to show, comma-separated."
    static let countMeaning =
        "How many, \(Parameters.countRange.lowerBound) to \(Parameters.countRange.upperBound); "
        + "\(Parameters.defaultCount) if not given."

    var table: [Route] { ofUsers + ofLists + ofItems + ofEvents }

    func answering(_ request: HTTPRequest, _ body: () throws -> HTTPReply) -> HTTPReply {
        do {
            return try body()
        } catch {
            return .now(problem(error, request))
        }
    }

    func answering(_ request: HTTPRequest, _ body: () async throws -> HTTPResponse) async -> HTTPResponse {
        do {
            return try await body()
        } catch {
            return problem(error, request)
        }
    }

    /// What is no fault is a bug: the client learns nothing of it, the log all.
    private func problem(_ error: any Error, _ request: HTTPRequest) -> HTTPResponse {
        if let fault = error as? any Fault { return HTTPProblem(fault).response(requestID: request.id) }
        Self.log.error("a request failed", ["request_id": request.id, "error": "\(error)"])
        return HTTPProblem(unexpected: error).response(requestID: request.id)
    }
}
