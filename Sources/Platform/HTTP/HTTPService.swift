public import HTTPServer
public import Operations
internal import Synchronization

/// The HTTP side of a process: one server and one router over the routes that its rooms hand in, with what every process
/// answers about itself (`/healthz/live`, `/healthz/ready`, `/version`, `/metrics`) and its
/// interface (`/openapi.json`, `/docs`).
///
///     let http = HTTPService(HTTPServerConfiguration(port: 8080), routes: service.routes, watching: [service.status])
///     try http.open()          // the port answers from here on
///     try await http.run()     // until cancelled; then drains and closes the port
public final class HTTPService: Service {
    public let name = "http"
    /// Where it listens, and its limits.
    public let configuration: HTTPServerConfiguration
    private let grace: Duration
    private let own: ProcessRoutes
    private let handler: any HTTPHandler
    private let server = Mutex<HTTPServer?>(nil)
    private static let log = Log("http")

    /// - Parameters:
    ///   - routes: of the rooms of this process.
    ///   - statuses: of its services.
    ///   - access: who may ask; nil to ask for no key, as where all routes are open.
    ///   - origins: of pages that may read the answers, such as `https://app.example`.
    ///   - grace: how long requests at work may go on after the stop was asked for.
    /// - Precondition: no two routes have the same method and pattern.
    public init(
        _ configuration: HTTPServerConfiguration, routes: [Route] = [], watching statuses: [ServiceStatus] = [],
        access: AccessControl? = nil, origins: [String] = [], grace: Duration = .seconds(10)
    ) {
        self.configuration = configuration
        self.grace = grace
        own = ProcessRoutes(watching: statuses + (access.map { [$0.status] } ?? []))
        var router = HTTPRouter()
        // Here, where every route comes by: none can forget to ask who is there.
        let all = routes + own.table + (access?.routes ?? [])
        let table = access.map { access in all.map(access.guarding) } ?? all
        router.add(table + InterfaceRoutes.table(describing: table, needsKeys: access != nil))
        let measured = MeasuredHandler(router)
        handler = origins.isEmpty ? measured : CrossOriginHandler(measured, origins: origins)
    }

    /// A small server for a process that answers nothing but questions about itself, with its port open.
    /// - Throws: `HTTPServerError` if the port cannot be had.
    public static func aboutProcess(
        host: String, port: Int, watching statuses: [ServiceStatus] = []
    ) throws -> HTTPService {
        var configuration = HTTPServerConfiguration(host: host, port: port)
        configuration.threads = 1
        configuration.maximumConnections = 64
        let service = HTTPService(configuration, watching: statuses, grace: .seconds(1))
        try service.open()
        return service
    }

    /// Opens the port. Returns at once.
    /// - Throws: `HTTPServerError` if it cannot be had.
    public func open() throws {
        let server = HTTPServer(configuration, handler: handler)
        try server.start()
        own.count(server)
        self.server.withLock { $0 = server }
        Self.log.info("listening", ["host": configuration.host, "port": server.port])
    }

    /// Reads the certificate and its key again, for new connections. If they are not fit, those in use stay, and the log says
    /// why. Blocks.
    public func reloadCertificate() {
        do throws(HTTPServerError) {
            try server.withLock { $0 }?.reloadCertificate()
            Self.log.info("the certificate was read again")
        } catch {
            Self.log.error("the certificate stays as it was", ["reason": error.message])
        }
    }

    /// The port in use; that of the configuration until ``open()`` was called.
    public var port: Int { server.withLock { $0?.port } ?? configuration.port }

    /// Where to point a browser.
    public var address: String {
        let host = configuration.host
        let shown = ["127.0.0.1", "0.0.0.0", "::", "::1"].contains(host) ? "localhost" : host
        return "\(configuration.tls == nil ? "http" : "https")://\(shown):\(port)"
    }

    /// Answers until cancelled, then is not ready any more, lets requests at work end and closes the port. Opens the
    /// port if it is not open.
    public func run() async throws {
        if server.withLock({ $0 == nil }) { try open() }
        await BlockingWork.untilCancelled()
        own.stop()
        let server = server.withLock { server in
            defer { server = nil }
            return server
        }
        // In a task of its own: this one is cancelled, and the drain of a cancelled task does not wait.
        await Task { [grace] in await server?.stop(grace: grace) }.value
    }
}
