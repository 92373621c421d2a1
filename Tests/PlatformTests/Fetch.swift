// In a file of its own: HTTPClient and HTTPServer both have an HTTPRequest, and only this file needs the client's.
import HTTPClient

/// A client that shares nothing with the server.
struct Fetch: Sendable {
    private let client = HTTPClient()

    struct Answer: Sendable {
        var status: Int
        var type: String
        var body: String
        /// By lower-case name.
        var headers: [String: String] = [:]
    }

    func callAsFunction(
        _ url: String, method: String = "GET", headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        let response = try await client.send(
            HTTPRequest(
                HTTPRequest.Method(rawValue: method) ?? .get, url, headers: headers.map { HTTPHeader($0, $1) },
                body: body.map { Array($0.utf8) }, deadline: .seconds(60), attempts: 1))
        let type = response.headers.first { $0.name.lowercased() == "content-type" }?.value ?? ""
        return Answer(
            status: response.status, type: type, body: String(decoding: response.body, as: UTF8.self),
            headers: Dictionary(
                response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { "\($0), \($1)" }))
    }
}
