import HTTPServer
import Testing

@Suite("Router and JSON")
struct HTTPRouterTests {
    private func reply(_ method: HTTPMethod, _ path: String) -> (status: Int, text: String, allow: String?) {
        var router = HTTPRouter()
        for pattern in ["/", "/v1/items/popular", "/v1/items/{i}", "/v1/items/{i}/similar", "/v1/{a}/x/{b}"] {
            router.on(.get, pattern) { _, parameters in
                .now(HTTPResponse(text: "\(pattern) \(parameters.joined(separator: ","))"))
            }
        }
        router.on(.post, "/v1/items/{i}") { _, _ in .now(HTTPResponse(status: 201, text: "made")) }
        let segments = path == "/" ? [] : path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let request = HTTPRequest(method: method, path: path, segments: segments.map(String.init))
        guard case .now(let response) = router.respond(to: request) else { return (0, "", nil) }
        return (
            response.status, String(decoding: response.body, as: UTF8.self),
            response.headers.first { $0.name == "Allow" }?.value
        )
    }

    @Test("literals go before parameters, and parameters catch what literals lose")
    func matching() {
        #expect(reply(.get, "/").text == "/ ")
        #expect(reply(.get, "/v1/items/popular").text == "/v1/items/popular ")
        #expect(reply(.get, "/v1/items/42").text == "/v1/items/{i} 42")
        #expect(reply(.get, "/v1/items/popular/similar").text == "/v1/items/{i}/similar popular")
        #expect(reply(.get, "/v1/items/x/7").text == "/v1/{a}/x/{b} items,7")
        #expect(reply(.head, "/v1/items/42").status == 200)
    }

    @Test("a rest stands for what nothing else fits, one segment at least, none of them empty")
    func rest() {
        var router = HTTPRouter()
        for pattern in ["/a/{x...}", "/a/{x}/b", "/a/c"] {
            router.on(.get, pattern) { _, parameters in .now(HTTPResponse(text: "\(pattern) \(parameters)")) }
        }
        func answer(_ segments: [String]) -> String? {
            guard case .now(let response) = router.respond(to: HTTPRequest(path: "/", segments: segments)),
                response.status == 200
            else { return nil }
            return String(decoding: response.body, as: UTF8.self)
        }
        #expect(answer(["a", "1"]) == #"/a/{x...} ["1"]"#)
        #expect(answer(["a", "1", "2", "3"]) == #"/a/{x...} ["1", "2", "3"]"#)
        #expect(answer(["a", "1", "b"]) == #"/a/{x}/b ["1"]"#)
        #expect(answer(["a", "c"]) == "/a/c []")
        #expect(answer(["a", "c", "d"]) == #"/a/{x...} ["c", "d"]"#)
        for none in [["a"], ["a", ""], ["a", "1", "", "2"], ["b", "1"]] { #expect(answer(none) == nil, "\(none)") }
    }

    @Test("what is not there is 404, what is not done there is 405 and says what is")
    func refusals() {
        #expect(reply(.get, "/v1/items").status == 404)
        #expect(reply(.get, "/v1/items/").status == 404)
        #expect(reply(.get, "/v1/items/popular/").status == 404)
        #expect(reply(.delete, "/v1/items/42").status == 405)
        #expect(reply(.delete, "/v1/items/42").allow == "GET, HEAD, OPTIONS, POST")
        #expect(reply(.other("BREW"), "/").status == 405)
        #expect(reply(.options, "/").status == 204)
    }

    @Test("a route is only asked with a query that it has declared")
    func declaredParameters() throws {
        let route = Route(
            .get, "/films", "Films.", parameters: [Route.Parameter("n", .integer(1...5), "How many.")],
            answers: [.text()]
        ) { request, _ in
            .now(HTTPResponse(text: request.query["n"] ?? "all"))
        }
        func answer(_ query: HTTPQuery) throws -> (status: Int, body: String) {
            var router = HTTPRouter()
            router.add([route])
            guard
                case .now(let response) = router.respond(
                    to: HTTPRequest(path: "/films", segments: ["films"], query: query))
            else { throw HTTPRefusal.stopping }
            return (response.status, String(decoding: response.body, as: UTF8.self))
        }
        #expect(try answer([:]) == (200, "all"))
        #expect(try answer(["n": "3"]) == (200, "3"))
        let unknown = try answer(["m": "3"])
        #expect(unknown.status == 400 && unknown.body.contains("\"code\":\"unknown-parameter\""))
        #expect(unknown.body.contains("This path takes n.") && unknown.body.contains("\"parameter\":\"m\""))
        let twice = try answer(["n": "3", "n": "4"])
        let many = try answer(["n": "6"])
        #expect(many.status == 400 && many.body.contains("it must be a whole number from 1 to 5"))
        #expect(twice.status == 400 && twice.body.contains("\"code\":\"repeated-parameter\""))
    }
}
