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

    @Test("JSON strings, numbers and nesting")
    func json() {
        var json = JSONWriter()
        json.object {
            $0.field("text", "a\"b\\c\n\t\r\u{8}\u{c}\u{1}\u{7f}/é😀")
            $0.name("numbers")
            $0.array {
                $0.value(0)
                $0.value(-17)
                $0.value(Int.min)
                $0.value(Float(0.1))
                $0.value(Double.nan)
                $0.value(true)
            }
            $0.name("empty")
            $0.object { _ in }
            $0.name("nothing")
            $0.null()
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"text":"a\"b\\c\n\t\r\b\f\u0001\u007f/é😀","numbers":[0,-17,-9223372036854775808,0.1,null,true],"#
                + #""empty":{},"nothing":null}"#)
    }
}
