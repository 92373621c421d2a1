internal import Domain
internal import HTTPServer
internal import Operations

/// Routes whose work may wait and may fail: what is thrown becomes the answer, and the log has what the caller is not told.
protocol AnsweringRoutes: Sendable {
    /// Under the name of what they are about.
    static var log: Log { get }

    /// What an error is to the caller: itself, unless they are to learn more of it, or something else.
    static func translated(_ error: any Error, of request: HTTPRequest) -> any Error

    /// What the log says of an error.
    static func logged(_ error: any Error) -> String
}

extension AnsweringRoutes {
    static func translated(_ error: any Error, of request: HTTPRequest) -> any Error { error }

    static func logged(_ error: any Error) -> String { "\(error)" }

    func answering(
        _ request: HTTPRequest, _ body: @escaping @Sendable () async throws -> HTTPResponse
    ) -> HTTPReply {
        .later {
            do {
                return try await body()
            } catch {
                return Self.problem(Self.translated(error, of: request), request).response(requestID: request.id)
            }
        }
    }

    private static func problem(_ error: any Error, _ request: HTTPRequest) -> HTTPProblem {
        let problem = (error as? any Fault).map { HTTPProblem($0) } ?? HTTPProblem(unexpected: error)
        if problem.status == 500 {
            log.error("a request failed", ["request_id": request.id, "error": logged(error)])
        }
        return problem
    }

    /// An object that begins with the request's identifier, which nobody may keep.
    static func json(
        _ request: HTTPRequest, status: Int = 200, _ members: (inout JSONWriter) -> Void
    ) -> HTTPResponse {
        var json = JSONWriter(capacity: 4096)
        json.object {
            $0.field("request_id", request.id)
            members(&$0)
        }
        return HTTPResponse(status: status, headers: [("Cache-Control", "no-store")], body: json.bytes)
    }
}
