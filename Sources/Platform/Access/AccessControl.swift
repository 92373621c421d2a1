public import Domain
public import HTTPServer
public import Operations

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
    /// Where the keys are.
    let state: StateDatabase
    private let pseudonyms: (any Pseudonymiser)?
    private let table: StateFollower<AccessTable>
    private static let log = Log("access")

    /// Reads the keys. Blocks.
    /// - Parameter pseudonyms: what users of requests are called in the audit log; nil if as they are.
    /// - Throws: `SQLiteError` if the state cannot be read: it is not known then who may ask.
    public init(_ state: StateDatabase, pseudonyms: (any Pseudonymiser)? = nil) throws {
        self.state = state
        self.pseudonyms = pseudonyms
        // As the parts of serving have it.
        let degraded = Metrics.shared.gauge(
            "marquee_degraded", help: "1 while a part is impaired.", labels: ["part": "keys"])
        table = try StateFollower(state, "keys", log: Self.log) {
            degraded.set($0 ? 1 : 0)
        } read: { before in
            let keys = try KeyStore(state).list()
            if keys.isEmpty, before?.isEmpty == false { throw PlatformError.stateLost(path: state.path) }
            return before.map { AccessTable(keys, before: $0) } ?? AccessTable(keys)
        }
    }

    /// Whether a key is asked for.
    public var asksForKeys: Bool { !table.value.isEmpty }

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
        let audited = AuditedAction(route, state, pseudonyms)
        return route.wrapped(problems: Self.problems + (audited == nil ? [] : [AuditedAction.problem])) { action in
            let action = audited?.around(action) ?? action
            return { [self] request, path in
                let table = table.value
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
    public func run() async throws { try await table.run(name) }

    /// Says so while the keys cannot be read.
    public var status: ServiceStatus {
        var status = ServiceStatus(of: name)
        status.impairments = { [self] in
            // What the file is called is no business of whoever asks.
            table.trouble != nil
                ? [("keys", "keys", "the keys cannot be read; those known are in force")] : []
        }
        return status
    }

    /// What can be asked of the state over HTTP.
    public var routes: [Route] { AuditRoutes(audit: AuditLog(state)).table }
}
