internal import Domain
internal import Glibc
public import HTTPServer
public import Operations
internal import Synchronization

/// Who may ask for what: stands before every route of a server, so that none can forget to ask.
///
///     let access = try AccessControl(StateDatabase(folder: "state"))
///     try access.checkHost(of: http)
///     let service = HTTPService(http, routes: routes, access: access)
///
/// Where no key was ever made it asks for none. The keys are in memory: a request costs a digest and a look into a
/// dictionary. As a service it looks five times a second whether the state was changed, by this process or another.
public final class AccessControl: Service {
    public let name = "access"
    private let state: StateDatabase
    private let table: Mutex<AccessTable>
    private let version: Mutex<StateDatabase.Version>
    /// Why the state could not be read when that was last tried; the keys that were read before are in force.
    private let trouble = Mutex<String?>(nil)
    /// As the parts of serving have it.
    private let degraded = Metrics.shared.gauge(
        "marquee_degraded", help: "1 while a part is impaired.", labels: ["part": "keys"])
    private static let log = Log("access")
    private static let interval: useconds_t = 200_000

    /// Reads the keys. Blocks.
    /// - Throws: `SQLiteError` if the state cannot be read: it is not known then who may ask.
    public init(_ state: StateDatabase) throws {
        self.state = state
        // Before the keys: a change in between is then seen.
        version = Mutex(try state.version())
        table = Mutex(AccessTable(try KeyStore(state).list()))
    }

    /// Whether a key is asked for.
    public var asksForKeys: Bool { table.withLock { !$0.isEmpty } }

    /// - Parameter isForDevelopment: whether to listen anyway.
    /// - Throws: ``AccessError/keysNeeded(host:)`` if other machines could reach a server that asks nobody for a key;
    ///   `HTTPServerError` if the host is unknown.
    public func checkHost(of http: HTTPServerConfiguration, isForDevelopment: Bool = false) throws {
        guard !asksForKeys else { return }
        if try http.isLoopback() {
            Self.log.info("there is no key: whoever is on this machine may ask", ["host": http.host])
        } else if isForDevelopment {
            Self.log.warning("there is no key: whoever reaches the port may ask for everything", ["host": http.host])
        } else {
            throw AccessError.keysNeeded(host: http.host)
        }
    }

    /// The route behind a check of the caller's key, scope and rate; and, if it changes something that is looked after,
    /// with entries in the audit log.
    public func guarding(_ route: Route) -> Route {
        guard route.scope != .open else { return route }
        let scope = route.scope
        let audited = AuditedAction(route, log: AuditLog(state))
        return route.wrapped(problems: Self.problems + (audited == nil ? [] : [AuditedAction.problem])) { action in
            let action = audited?.around(action) ?? action
            return { [self] request, path in
                let table = table.withLock { $0 }
                guard !table.isEmpty else { return action(request, path) }
                do throws(AccessError) {
                    let entry = try table.entry(for: request.headers)
                    var request = request
                    request.caller = entry.key.name
                    guard let bucket = entry.bucket else {
                        try Self.check(scope, entry)
                        return action(request, path)
                    }
                    let outcome = bucket.take(at: request.receivedAt)
                    let fields = bucket.fields(outcome)
                    do throws(AccessError) {
                        if let wait = outcome.wait {
                            throw .tooManyRequests(key: entry.key.name, seconds: TokenBucket.seconds(wait))
                        }
                        try Self.check(scope, entry)
                    } catch {
                        return .now(Self.adding(fields, to: error.response(requestID: request.id)))
                    }
                    switch action(request, path) {
                    case .now(let response): return .now(Self.adding(fields, to: response))
                    case .later(let work): return .later { Self.adding(fields, to: await work()) }
                    }
                } catch {
                    return .now(error.response(requestID: request.id))
                }
            }
        }
    }

    /// What a route may answer before it is asked.
    private static let problems = [
        AccessError.keyMissing, .severalKeys, .keyUnknown, .keyExpired, .keyRevoked, .scopeMissing(key: "", scope: ""),
        .tooManyRequests(key: "", seconds: 1),
    ].map { Route.Problem($0) }

    private static func check(_ scope: Route.Scope, _ entry: AccessTable.Entry) throws(AccessError) {
        guard entry.scopes.contains(scope) else { throw .scopeMissing(key: entry.key.name, scope: scope.rawValue) }
    }

    private static func adding(_ fields: [(name: String, value: String)], to response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers += fields
        return response
    }

    /// Looks for changes until cancelled.
    public func run() async throws {
        try await BlockingWork.run(name) { [self] flag in
            while !flag.isSet {
                usleep(Self.interval)
                look()
            }
        }
    }

    /// Reads the keys again if they may be other ones.
    private func look() {
        do {
            let now = try state.version()
            guard now != version.withLock({ $0 }) || trouble.withLock({ $0 != nil }) else { return }
            let keys = try KeyStore(state).list()
            let old = table.withLock { $0 }
            // A file that was taken away takes no lock off.
            if keys.isEmpty && !old.isEmpty { throw PlatformError.stateLost(path: state.path) }
            table.withLock { $0 = AccessTable(keys, before: old) }
            version.withLock { $0 = now }
            if trouble.withLock({ $0 }) != nil { Self.log.info("the keys can be read again") }
            trouble.withLock { $0 = nil }
            degraded.set(0)
            Self.log.debug("keys read", ["count": keys.count])
        } catch {
            let reason = (error as? any Fault)?.message ?? "\(error)"
            let isNew = trouble.withLock { trouble in
                defer { trouble = reason }
                return trouble != reason
            }
            degraded.set(1)
            if isNew { Self.log.warning("the keys cannot be read; those known stay in force", ["reason": reason]) }
        }
    }

    /// Says so while the keys cannot be read.
    public var status: ServiceStatus {
        var status = ServiceStatus(of: name)
        status.impairments = { [self] in
            // What the file is called is no business of whoever asks.
            trouble.withLock { $0 != nil }
                ? [("keys", "keys", "the keys cannot be read; those known are in force")] : []
        }
        return status
    }

    /// What can be asked of the state over HTTP.
    public var routes: [Route] { AuditRoutes(log: AuditLog(state)).table }
}
