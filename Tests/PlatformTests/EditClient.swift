// In a file of its own: HTTPClient and HTTPServer both have an HTTPRequest, and only this file needs the client's.
import Foundation
import HTTPClient

/// Sends what changes things.
struct EditClient: Sendable {
    let address: String
    private let client = HTTPClient()

    init(address: String) { self.address = address }

    struct Answer: Sendable {
        var status: Int
        var type: String
        var body: String
        var tag = ""

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, type: String = "application/json",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        let request = HTTPRequest(
            HTTPRequest.Method(rawValue: method)!, address + path,
            headers: (body == nil ? [] : [HTTPHeader("Content-Type", type)])
                + headers.map { HTTPHeader($0.key, $0.value) }, body: body.map { Array($0.utf8) },
            deadline: .seconds(60), attempts: 1)
        let response = try await client.send(request)
        return Answer(
            status: response.status,
            type: response.headers.first { $0.name.lowercased() == "content-type" }?.value ?? "",
            body: String(decoding: response.body, as: UTF8.self),
            tag: response.headers.first { $0.name.lowercased() == "etag" }?.value ?? "")
    }

    /// The identifiers of a list.
    func ids(_ path: String) async throws -> [String] {
        let items = try await send("GET", path).json["items"] as? [[String: Any]] ?? []
        return items.compactMap { $0["id"] as? String }
    }
}
