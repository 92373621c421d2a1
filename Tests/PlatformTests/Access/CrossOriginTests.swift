import HTTPServer
import Testing

@testable import Platform

@Suite("Pages of other origins")
struct CrossOriginTests {
    private struct Inner: HTTPHandler {
        func respond(to request: HTTPRequest) -> HTTPReply {
            request.path == "/later" ? .later { HTTPResponse(text: "x") } : .now(HTTPResponse(text: "x"))
        }
    }

    private func headers(
        _ method: HTTPMethod, _ path: String = "/", _ fields: [String: String]
    ) async -> (status: Int, headers: [String: String]) {
        let handler = CrossOriginHandler(Inner(), origins: ["https://app.example", "http://localhost:3000"])
        var request = HTTPRequest(method: method, path: path, segments: [])
        for (name, value) in fields { request.headers.append(name: name, value: value) }
        let response =
            switch handler.respond(to: request) {
            case .now(let response): response
            case .later(let work): await work()
            }
        return (response.status, Dictionary(response.headers, uniquingKeysWith: { $1 }))
    }

    @Test("an origin of the list may read, whether it is answered now or later", arguments: ["/", "/later"])
    func allowed(path: String) async {
        let answer = await headers(.get, path, ["Origin": "https://app.example"])
        #expect(answer.status == 200 && answer.headers["Access-Control-Allow-Origin"] == "https://app.example")
        #expect(answer.headers["Vary"] == "Origin" && answer.headers["Access-Control-Allow-Credentials"] == nil)
        #expect(answer.headers["Access-Control-Expose-Headers"]?.contains("RateLimit") == true)
    }

    @Test(
        "no other is",
        arguments: [
            "https://app.example.evil", "http://app.example", "https://app.example:444", "null", "*", "",
            "https://APP.example", "https://app.example/",
        ])
    func others(origin: String) async {
        for method in [HTTPMethod.get, .options] {
            let answer = await headers(method, "/", ["Origin": origin, "Access-Control-Request-Method": "GET"])
            #expect(answer.headers["Access-Control-Allow-Origin"] == nil)
            #expect(answer.headers["Vary"] == "Origin")
        }
    }

    @Test("a preflight is answered with what may be sent, before any key is asked for")
    func preflight() async {
        let answer = await headers(
            .options, "/", ["Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"])
        #expect(answer.status == 204 && answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000")
        #expect(answer.headers["Access-Control-Allow-Methods"]?.contains("POST") == true)
        #expect(answer.headers["Access-Control-Allow-Headers"]?.contains("Authorization") == true)
        // Without the question it is an OPTIONS as any other.
        #expect(await headers(.options, "/", ["Origin": "http://localhost:3000"]).status == 200)
    }
}
