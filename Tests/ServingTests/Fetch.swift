// In a file of its own: HTTPClient and HTTPServer both have an HTTPRequest, and only this file needs the client's.
import HTTPClient

/// A client that shares nothing with the server.
struct Fetch: Sendable {
    private let client = HTTPClient()

    struct Fetched {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: [UInt8]
    }

    func callAsFunction(
        _ url: String, method: String, body: [UInt8]?, type: String, accept: String = "",
        headers: [String: String] = [:]
    ) async throws -> Fetched {
        let fields = [("Content-Type", type), ("Accept", accept)] + headers.map { ($0.key, $0.value) }
        let request = HTTPRequest(
            HTTPRequest.Method(rawValue: method)!, url,
            headers: fields.filter { !$0.1.isEmpty }.map { HTTPHeader($0.0, $0.1) },
            body: body, deadline: .seconds(60),
            attempts: 1)
        let response = try await client.send(request)
        return Fetched(
            status: response.status, headers: response.headers.map { ($0.name, $0.value) }, body: response.body)
    }
}
