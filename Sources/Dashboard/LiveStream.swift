internal import Domain
public import HTTPServer
public import Operations
internal import Synchronization

/// Part of what the stream tells: a member of each frame.
public struct LivePart: Sendable {
    let name: String
    let schema: JSONSchema
    let json: @Sendable () -> [UInt8]

    /// - Parameters:
    ///   - name: of the member.
    ///   - schema: what it may be.
    ///   - json: its value now. Called once a second while anyone listens; must not block for long.
    public init(_ name: String, _ schema: JSONSchema, json: @escaping @Sendable () -> [UInt8]) {
        self.name = name
        self.schema = schema
        self.json = json
    }
}

/// `GET /v1/stream`: figures once a second, as server-sent events.
///
/// One frame is made for all who listen, however many, and none while nobody does.
public final class LiveStream: Service {
    public let name = "stream"
    private let parts: [LivePart]
    private let interval: Duration
    private let limit: Int
    private let listeners = Mutex<[HTTPStream]>([])
    private let count = Metrics.shared.gauge("marquee_stream_listeners", help: "Open streams of live figures.")

    /// - Parameters:
    ///   - limit: streams that may be open at once.
    public init(_ parts: [LivePart], every interval: Duration = .seconds(1), limit: Int = 2000) {
        self.parts = parts
        self.interval = interval
        self.limit = limit
    }

    /// Sends frames until cancelled, then ends the streams.
    public func run() async throws {
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            let listening = listeners.withLock { listeners in
                listeners.removeAll { !$0.isOpen }
                return listeners
            }
            count.set(Double(listening.count))
            guard !listening.isEmpty else { continue }
            let frame = frame(listeners: listening.count)
            for stream in listening { stream.write(frame) }
        }
        for stream in listeners.withLock({ $0 }) { stream.end() }
    }

    /// What is sent once a second: one event of the stream.
    private func frame(listeners: Int) -> [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.object {
            $0.field("at", Timestamp.now.description)
            for part in parts {
                $0.name(text: part.name)
                $0.value(json: part.json())
            }
            $0.field("watchers", listeners)
        }
        return Array("data: ".utf8) + json.bytes + Array("\n\n".utf8)
    }

    var route: Route {
        Route(
            .get, "/v1/stream",
            "Figures of the process once a second, as server-sent events: each event's data is a JSON object.",
            answers: [
                Route.Answer(
                    200, ["text/event-stream": Self.event], "Events, until the client goes: \(described).")
            ],
            problems: [Route.Problem(DashboardError.tooManyStreams(limit: limit))]
        ) { [self] request, _ in .now(listen(request)) }
    }

    /// One event, taken apart, as tools that read descriptions of interfaces see it.
    private static let event = JSONSchema.object(
        ["data": JSONSchema.text().meaning("A JSON object.")], optional: ["event": .text()])

    private var described: String { (["at"] + parts.map(\.name) + ["watchers"]).joined(separator: ", ") }

    private func listen(_ request: HTTPRequest) -> HTTPResponse {
        let stream = HTTPStream()
        let number = listeners.withLock { listeners in
            if listeners.count >= limit { listeners.removeAll { !$0.isOpen } }
            guard listeners.count < limit else { return nil as Int? }
            listeners.append(stream)
            return listeners.count
        }
        guard let number else {
            return HTTPProblem(DashboardError.tooManyStreams(limit: limit)).response(requestID: request.id)
        }
        // A page shows something at once.
        stream.write(frame(listeners: number))
        return HTTPResponse(
            contentType: "text/event-stream", headers: [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")],
            stream: stream)
    }
}
