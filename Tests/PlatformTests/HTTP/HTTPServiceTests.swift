import Domain
import Foundation
import HTTPServer
import Operations
import Synchronization
import TestSupport
import Testing

@testable import Platform

@Suite("What every process answers about itself", .timeLimit(.minutes(2)))
struct HTTPServiceTests {
    @Test("it lives, is ready, has a version and metrics, and a page that lists all routes")
    func operations() async throws {
        var status = ServiceStatus(of: "kitchen")
        let gauge = Metrics.shared.gauge("marquee_test_kitchen", help: "Counts how often it was asked.")
        status.refresh = { gauge.set(gauge.value + 1) }
        status.facts = { [("menu", Array("{\"id\":\"m1\"}".utf8))] }
        let lunch = Route(
            .get, "/lunch/{day}", "What there is.", parameters: [Route.Parameter("n", .integer(), "How much.")],
            answers: [.text()]
        ) { _, path in
            .now(HTTPResponse(text: path[0]))
        }
        try await withHTTP(routes: [lunch], watching: [status]) { get in
            #expect(try await get("/healthz/live").body == "{\"status\":\"live\"}")
            #expect(try await get("/healthz/ready").body == "{\"status\":\"ready\"}")
            #expect(
                try await get("/version").body
                    == "{\"name\":\"marquee\",\"version\":\"\(Release.version)\",\"menu\":{\"id\":\"m1\"}}")
            #expect(try await get("/lunch/friday?n=2").body == "friday")
            let metrics = try await get("/metrics").body
            #expect(metrics.contains("marquee_test_kitchen 1\n"))
            #expect(metrics.contains("marquee_http_responses_total{route=\"/lunch/{day}\",status=\"2xx\"} 1\n"))
            #expect(metrics.contains("marquee_http_connections "))
            let page = try await get("/docs")
            #expect(page.type == "text/html; charset=utf-8")
            for line in ["<b>GET</b> /lunch/{day}", "<b>GET</b> /healthz/ready"] {
                #expect(page.body.contains("<code>\(line)</code>"), "\(page.body)")
            }
            #expect(try await get("/").body.contains("<a href=\"/docs\">"))
        }
    }

    @Test("a service that cannot work makes the process not ready, and is named with its reason")
    func notReady() async throws {
        let reason = Mutex<String?>("the oven is cold")
        var kitchen = ServiceStatus(of: "kitchen")
        kitchen.obstacle = { reason.withLock { $0 } }
        try await withHTTP(watching: [ServiceStatus(of: "hall"), kitchen]) { get in
            let answer = try await get("/healthz/ready")
            #expect(answer.status == 503 && answer.type == "application/problem+json")
            #expect(answer.body.contains("\"code\":\"not-ready\""))
            #expect(answer.body.contains("The service 'kitchen' is not ready: the oven is cold."))
            #expect(try await get("/healthz/live").status == 200)
            reason.withLock { $0 = nil }
            #expect(try await get("/healthz/ready").status == 200)
        }
    }

    @Test("while requests at work end, the process is not ready any more")
    func stopping() async throws {
        let release = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let slow = Route(.get, "/slow", "Waits.", answers: [.text()]) { _, _ in
            .later {
                await withCheckedContinuation { continuation in release.withLock { $0 = continuation } }
                return HTTPResponse(text: "done")
            }
        }
        let own = ProcessRoutes(watching: [])
        let ready = try #require(own.table.first { $0.pattern == "/healthz/ready" })
        let service = HTTPService(HTTPServerConfiguration(port: 0), routes: [slow])
        try service.open()
        let running = Task { try await service.run() }
        let address = "http://127.0.0.1:\(service.port)"
        let answer = Task { try await Fetch()(address + "/slow") }
        try await eventually("the request is at work") { release.withLock { $0 != nil } }
        running.cancel()
        release.withLock { $0?.resume() }
        #expect(try await answer.value.body == "done")
        try await running.value
        // The port is closed by then, so its answer is asked for without it.
        own.stop()
        guard case .now(let response) = ready.action(HTTPRequest(path: "/healthz/ready", segments: []), []) else {
            Issue.record("it answers at once")
            return
        }
        #expect(response.status == 503 && String(decoding: response.body, as: UTF8.self).contains("\"stopping\""))
    }

    @Test("a parameter that a route does not have is refused, as is one given twice")
    func parameters() async throws {
        try await withHTTP { get in
            let unknown = try await get("/version?x")
            #expect(unknown.status == 400 && unknown.body.contains("\"code\":\"unknown-parameter\""))
            #expect(unknown.body.contains("\"parameter\":\"x\"") && unknown.body.contains("This path takes none."))
            #expect(try await get("/nothing").status == 404)
        }
    }

    @Test("a process with no other routes answers about itself too")
    func aboutProcess() async throws {
        let service = try HTTPService.aboutProcess(host: "127.0.0.1", port: 0)
        let running = Task { try await service.run() }
        let answer = try await Fetch()("\(service.address)/metrics")
        #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
        #expect(answer.body.contains("# TYPE marquee_heap_resident_bytes gauge"))
        running.cancel()
        try await running.value
    }

    /// Runs a process's HTTP side for the length of `body`, which gets what asks for a path.
    private func withHTTP(
        routes: [Route] = [], watching: [ServiceStatus] = [],
        _ body: (@Sendable (String) async throws -> Fetch.Answer) async throws -> Void
    ) async throws {
        let service = HTTPService(HTTPServerConfiguration(port: 0), routes: routes, watching: watching)
        try service.open()
        let running = Task { try await service.run() }
        let address = "http://127.0.0.1:\(service.port)"
        let fetch = Fetch()
        try await body { try await fetch(address + $0) }
        running.cancel()
        try await running.value
    }
}
