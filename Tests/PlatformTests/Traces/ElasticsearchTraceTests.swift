import Catalog
import HTTPServer
import Operations
import Synchronization
import Testing

/// What a search service is told of the trace of the request it works for.
struct ElasticsearchTraceTests {
    @Test func aQueryCarriesTheContextOfItsRequest() async throws {
        let seen = Mutex<[[String]]>([])
        let server = HTTPServer(HTTPServerConfiguration(port: 0)) { request in
            seen.withLock {
                $0.append(request.headers.values(of: "traceparent") + request.headers.values(of: "tracestate"))
            }
            return .now(HTTPResponse(body: Array("{}".utf8)))
        }
        try server.start()
        let client = ElasticsearchClient(try .init(url: "http://127.0.0.1:\(server.port)"))
        defer { client.close() }
        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
        let context = TraceContext(traceparent: caller, state: "vendor=1")
        _ = try await client.similar(to: ["1"], excluding: [], limit: 1)
        _ = try await TraceContext.$current.withValue(context) {
            try await client.similar(to: ["1"], excluding: [], limit: 1)
        }
        let headers = seen.withLock { $0 }
        #expect(headers.first == [] && headers.last?.last == "vendor=1")
        // The same trace, whether or not spans are collected here.
        #expect(headers.last?.first?.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-") == true)
        #expect(headers.last?.first?.hasSuffix("-00") == true)
        await server.stop()
    }
}
