internal import Domain
internal import HTTPClient
public import Operations

/// Sends the spans of this process to a collector, in the background: OTLP/HTTP with JSON.
///
/// A collector that is slow or gone costs spans and nothing else: they are counted as dropped, and a line of the log says so
/// once, and once more when it takes them again.
public final class TraceExport: Service {
    /// Where to, and which.
    public struct Settings: Sendable, Equatable {
        /// The address that takes spans, such as `http://localhost:4318/v1/traces`.
        public var address: String
        /// Further header lines, such as keys. Secret.
        public var headers: [String: String] = [:]
        /// The name of this service among others.
        public var service = "marquee"
        /// Of the traces that begin here, how many are kept, `0…1`.
        public var ratio = 1.0
        /// For one batch, retries included.
        public var timeout = Duration.seconds(10)

        /// - Parameter address: see ``address``.
        public init(address: String) { self.address = address }
    }

    public let name = "traces"
    private let settings: Settings
    private let tracer: Tracer
    private let client = HTTPClient()
    private static let log = Log("traces")
    private static let batch = 512

    /// Begins to collect: spans wait in a bounded queue until ``run()``.
    public init(_ settings: Settings, tracer: Tracer = .shared) {
        self.settings = settings
        self.tracer = tracer
        tracer.enable(ratio: settings.ratio)
    }

    /// Sends every second, or as soon as a batch is full, until cancelled; then once more what is there.
    public func run() async throws {
        var isDown = false
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            await send(&isDown, within: settings.timeout)
        }
        // In a task of its own: this one is cancelled, and its requests would be too.
        await Task { [isDown] in
            var isDown = isDown
            await send(&isDown, within: min(settings.timeout, .seconds(2)))
        }.value
        tracer.disable()
        client.close()
    }

    private func send(_ isDown: inout Bool, within timeout: Duration) async {
        while true {
            let spans = tracer.take(Self.batch)
            guard !spans.isEmpty else { return }
            let request = HTTPRequest(
                .post, settings.address,
                headers: [HTTPHeader("Content-Type", "application/json")]
                    + settings.headers.sorted { $0.key < $1.key }.map { HTTPHeader($0.key, $0.value) },
                body: Span.otlp(spans, service: settings.service),
                // A batch that arrived twice is the same spans twice.
                isIdempotent: true, deadline: timeout)
            let failure: String?
            do {
                let response = try await client.send(request)
                failure = response.isSuccess ? nil : "the collector answers \(response.status)"
            } catch {
                failure = (error as? any Fault)?.message ?? "\(error)"
            }
            if let failure {
                tracer.drop(spans.count)
                if !isDown { Self.log.warning("spans are lost", ["reason": failure]) }
                isDown = true
                return
            }
            if isDown { Self.log.info("spans are taken again") }
            isDown = false
        }
    }
}
