import Domain
import Foundation
import TestSupport
import Testing

@testable import Dashboard
@testable import HTTPServer

@Suite struct DashboardTests {
    private let dashboard = Dashboard(
        stream: LiveStream([LivePart("figures", .any) { Array("{}".utf8) }]), chartLibrary: "/nowhere")

    private func ask(_ path: String, _ headers: [(String, String)] = []) throws -> HTTPResponse {
        var router = HTTPRouter()
        router.add(dashboard.routes)
        var fields = HTTPHeaders()
        for (name, value) in headers { fields.append(name: name, value: value) }
        let segments = path.split(separator: "/").map(String.init)
        let request = HTTPRequest(id: "t", method: .get, path: path, segments: segments, headers: fields)
        guard case .now(let response) = router.respond(to: request) else {
            throw DashboardError.noSuchFile(name: path)
        }
        return response
    }

    @Test func everyPageIsWholeAndNamesOnlyFilesThatThereAre() throws {
        for page in DashboardPage.all {
            let response = try ask(page.pattern.replacing("{", with: "").replacing("}", with: ""))
            let html = String(decoding: response.body, as: UTF8.self)
            #expect(response.status == 200)
            #expect(html.contains("<title>\(page.title) · Marquee</title>") && !html.contains("{{"))
            for reference in html.matches(of: /"(\/assets\/[^"]+)"/) {
                #expect(try ask(String(reference.1)).status == 200, "\(page.pattern) \(reference.1)")
            }
            // What its policy forbids would not run.
            #expect(!html.contains("<script>") && !html.contains(" style=") && !html.contains(" onclick"))
        }
    }

    @Test func everyScriptImportsOnlyFilesThatThereAre() throws {
        for (name, bytes) in DashboardFiles.all where name.hasSuffix(".js") {
            let text = String(decoding: bytes, as: UTF8.self)
            for imported in text.matches(of: /from "\.\/([^"]+)"/) {
                #expect(DashboardFiles.all[String(imported.1)] != nil, "\(name) imports \(imported.1)")
            }
            // Text becomes text nodes; none of these makes elements of it.
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                #expect(!text.contains(word), "\(name) has \(word)")
            }
        }
    }

    @Test func aBrowserThatHasAFileIsTold() throws {
        let first = try ask("/assets/dom.js")
        let tag = try #require(first.headers.first { $0.name == "ETag" }?.value)
        #expect(try ask("/assets/dom.js", [("if-none-match", tag)]).status == 304)
        #expect(try ask("/assets/dom.js", [("if-none-match", "\"other\"")]).status == 200)
    }

    @Test func aFileThatIsNotThereIsAProblem() throws {
        #expect(try ask("/assets/layout.html").status == 404)
        let missing = try ask("/assets/chart.js")
        #expect(missing.status == 404)
        #expect(String(decoding: missing.body, as: UTF8.self).contains("libjs-chart.js"))
    }

    @Test func aFrameOfTheStreamIsOneEventWithAJSONObject() async throws {
        let stream = LiveStream(
            [LivePart("figures", .any) { Array(#"{"a":1}"#.utf8) }], every: .milliseconds(20), limit: 2)
        guard
            case .now(let response) = stream.route.action(
                HTTPRequest(path: "/v1/stream", segments: ["v1", "stream"]), [])
        else { throw DashboardError.noSuchFile(name: "/v1/stream") }
        #expect(response.contentType == "text/event-stream")
        let body = try #require(response.stream)
        let work = Task { try await stream.run() }
        try await Task.sleep(for: .milliseconds(200))
        work.cancel()
        try await work.value
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let step = bytes.withUnsafeMutableBytes { body.read(into: $0, suspend: {}, wake: {}) }
        guard case .bytes(let count) = step else { throw DashboardError.noSuchFile(name: "frames") }
        let frames = String(decoding: bytes[..<count], as: UTF8.self).components(separatedBy: "\n\n").dropLast()
        #expect(frames.count >= 2, "one at once, and one each time")
        for frame in frames {
            #expect(frame.hasPrefix("data: "))
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(frame.dropFirst(6).utf8)) as? [String: Any])
            #expect((object["figures"] as? [String: Int])?["a"] == 1)
            #expect(object["watchers"] as? Int == 1)
        }
    }

    @Test func thereAreNoMoreStreamsThanAllowed() throws {
        let stream = LiveStream([], limit: 1)
        let request = HTTPRequest(path: "/v1/stream", segments: ["v1", "stream"])
        guard case .now(let first) = stream.route.action(request, []),
            case .now(let second) = stream.route.action(request, [])
        else { throw DashboardError.tooManyStreams(limit: 1) }
        #expect(first.status == 200 && second.status == 503)
        // One that was given up makes room.
        first.stream?.close()
        guard case .now(let third) = stream.route.action(request, []) else { return }
        #expect(third.status == 200)
    }
}
