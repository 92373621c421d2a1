import Foundation
import HTTPServer
import Operations
import Synchronization
import Testing

@testable import Platform

/// Spans of requests on their way to a collector. In turns: the tracer is the process' own.
@Suite(.serialized) struct TraceExportTests {
    /// What a collector was sent.
    private final class Collector: Sendable {
        let bodies = Mutex<[(headers: HTTPHeaders, body: [UInt8])]>([])
        let status = Mutex(200)

        func serve() throws -> HTTPServer {
            let server = HTTPServer(HTTPServerConfiguration(port: 0)) { [self] request in
                bodies.withLock { $0.append((request.headers, request.body)) }
                return .now(HTTPResponse(status: status.withLock { $0 }, body: Array("{}".utf8)))
            }
            try server.start()
            return server
        }

        func spans() throws -> [[String: Any]] {
            try bodies.withLock { $0 }.flatMap { _, body in
                let json = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
                let resource = try #require((json["resourceSpans"] as? [[String: Any]])?.first)
                let scope = try #require((resource["scopeSpans"] as? [[String: Any]])?.first)
                return try #require(scope["spans"] as? [[String: Any]])
            }
        }
    }

    private func get(_ url: String, traceparent: String?) async throws -> Int {
        try await Fetch()(url, headers: traceparent.map { ["traceparent": $0] } ?? [:]).status
    }

    private func eventually(_ isRight: () throws -> Bool) async throws {
        while try !isRight() { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// A service of two routes, one of which asks for the context of its work.
    private func withTraces(
        _ address: String, _ body: (_ url: String, _ seen: () -> String?) async throws -> Void
    ) async throws {
        let seen = Mutex<String?>(nil)
        let routes = [
            Route(.get, "/now/{x}", "At once.", answers: [.nothing()]) { _, _ in .now(HTTPResponse()) },
            Route(.get, "/later/{x}", "Later.", answers: [.nothing()]) { _, _ in
                .later {
                    await Task.yield()
                    seen.withLock { $0 = TraceContext.current?.traceparent }
                    return HTTPResponse(status: 503)
                }
            },
        ]
        var settings = TraceExport.Settings(address: address)
        settings.headers = ["X-Key": "k"]
        settings.service = "films"
        settings.timeout = .seconds(2)
        let export = TraceExport(settings)
        let http = HTTPService(HTTPServerConfiguration(port: 0), routes: routes, grace: .seconds(1))
        try http.open()
        let running = [Task { try await http.run() }, Task { try await export.run() }]
        let result: Result<Void, any Error>
        do {
            try await body("http://127.0.0.1:\(http.port)") { seen.withLock { $0 } }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for task in running {
            task.cancel()
            _ = await task.result
        }
        try result.get()
    }

    @Test(.timeLimit(.minutes(2))) func spansOfRequestsReachACollectorAsOTLP() async throws {
        let collector = Collector()
        let server = try collector.serve()
        try await withTraces("http://127.0.0.1:\(server.port)/v1/traces") { url, seen in
            let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            #expect(try await get("\(url)/now/secret-user", traceparent: nil) == 200)
            #expect(try await get("\(url)/later/secret-user", traceparent: caller) == 503)
            #expect(try await get("\(url)/now/1", traceparent: String(caller.dropLast()) + "0") == 200)
            try await eventually { try collector.spans().count >= 2 }
            let spans = try collector.spans()
            #expect(spans.map { $0["name"] as? String } == ["GET /now/{x}", "GET /later/{x}"])
            #expect(spans[0]["parentSpanId"] == nil && (spans[0]["traceId"] as? String)?.count == 32)
            let later = spans[1]
            #expect(later["traceId"] as? String == "0af7651916cd43dd8448eb211c80319c")
            #expect(later["parentSpanId"] as? String == "b7ad6b7169203331" && later["kind"] as? Int == 2)
            #expect((later["status"] as? [String: Any])?["code"] as? Int == 2)
            let start = try #require(Int64(later["startTimeUnixNano"] as? String ?? ""))
            let end = try #require(Int64(later["endTimeUnixNano"] as? String ?? ""))
            #expect(start <= end && abs(Double(end) / 1e9 - Date().timeIntervalSince1970) < 600)
            // The work belongs to the span of its request.
            let id = try #require(later["spanId"] as? String)
            #expect(seen() == "00-0af7651916cd43dd8448eb211c80319c-\(id)-01")
            let text = collector.bodies.withLock { $0.map { String(decoding: $0.body, as: UTF8.self) }.joined() }
            #expect(text.contains(#""service.name","value":{"stringValue":"films"}"#) && !text.contains("secret-user"))
            #expect(text.contains(#""http.response.status_code","value":{"intValue":"503"}"#))
            #expect(collector.bodies.withLock { $0.first?.headers["x-key"] } == "k")
        }
        await server.stop()
    }

    @Test(.timeLimit(.minutes(2))) func aCollectorThatIsGoneCostsNoRequest() async throws {
        let collector = Collector()
        collector.status.withLock { $0 = 500 }
        let server = try collector.serve()
        try await withTraces("http://127.0.0.1:\(server.port)/v1/traces") { url, _ in
            for _ in 0..<5 { #expect(try await get("\(url)/now/1", traceparent: nil) == 200) }
            try await eventually { collector.bodies.withLock { !$0.isEmpty } }
            await server.stop()
            for _ in 0..<5 { #expect(try await get("\(url)/now/1", traceparent: nil) == 200) }
        }
    }

    @Test func settingsFollowTheVariablesOfOpenTelemetry() throws {
        func settings(_ environment: [String: String]) throws -> TraceExport.Settings? {
            try TraceExport.Settings(environment: environment)
        }
        let base = "OTEL_EXPORTER_OTLP_ENDPOINT"
        #expect(try settings([:]) == nil && settings([base: ""]) == nil)
        #expect(try settings([base: "http://c:4318"])?.address == "http://c:4318/v1/traces")
        #expect(try settings([base: "http://c:4318/a/"])?.address == "http://c:4318/a/v1/traces")
        #expect(
            try settings([base: "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://d/x"])?.address
                == "https://d/x")
        #expect(try settings([base: "http://c", "OTEL_SDK_DISABLED": "true"]) == nil)
        #expect(try settings([base: "http://c", "OTEL_TRACES_EXPORTER": "none"]) == nil)
        let full = try #require(
            try settings([
                base: "http://c", "OTEL_SERVICE_NAME": "films", "OTEL_EXPORTER_OTLP_HEADERS": "a=b%20c, d=e",
                "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25",
                "OTEL_EXPORTER_OTLP_TIMEOUT": "500",
            ]))
        #expect(full.service == "films" && full.headers == ["a": "b c", "d": "e"] && full.ratio == 0.25)
        #expect(full.timeout == .milliseconds(500))
        for bad in [
            [base: "c:4318"], [base: "ftp://c"], [base: "http://c", "OTEL_TRACES_SAMPLER": "some"],
            [base: "http://c", "OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"],
            [base: "http://c", "OTEL_EXPORTER_OTLP_HEADERS": "a"],
            [base: "http://c", "OTEL_EXPORTER_OTLP_TIMEOUT": "x"],
        ] {
            #expect(throws: PlatformError.self) { try settings(bad) }
        }
    }
}
