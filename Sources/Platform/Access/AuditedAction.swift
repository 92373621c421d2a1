internal import Domain
internal import HTTPServer
internal import Operations

/// Writes a route's changes down: that one is begun, and what became of it. What cannot be written down is not begun.
struct AuditedAction: Sendable {
    private let verb: String
    private let log: AuditLog
    private let register: PersonalRegister
    private let pseudonyms: (any Pseudonymiser)?
    /// Which parts of the path are users: the log outlives them, and has a keyed digest.
    private let users: Set<Int>
    /// Scopes whose requests, other than questions, change what a deployment lives by. Events are what it is for.
    private static let scopes: Set<Route.Scope> = [.catalog, .models, .privacy, .admin]
    /// A body with a reason is short; a batch of films is not searched for one.
    private static let longestReasoned = 65_536

    /// nil for a route that changes nothing, or nothing that is looked after.
    init?(_ route: Route, _ state: StateDatabase, _ pseudonyms: (any Pseudonymiser)? = nil) {
        // A long question is asked by POST, and stays one.
        guard Self.scopes.contains(route.scope), route.method != .get, !route.pattern.hasSuffix("/query") else {
            return nil
        }
        verb = "\(route.method) \(route.pattern)"
        log = AuditLog(state)
        register = PersonalRegister(state)
        self.pseudonyms = pseudonyms
        users = Set(route.path.indices.filter { route.path[$0].name == "user" })
    }

    /// What it may answer in the route's place.
    static let problem = Route.Problem(PlatformError.cannotAudit)

    func around(_ action: @escaping HTTPRouter.Action) -> HTTPRouter.Action {
        { request, path in
            .later {
                var change = AuditedChange(
                    who: request.caller ?? "anonymous", action: verb, target: "", outcome: .begun,
                    reason: Self.reason(of: request), requestID: request.id)
                do {
                    change.target = try await target(path)
                    try await append(change)
                } catch {
                    return Self.refusal(error, request)
                }
                let response =
                    switch action(request, path) {
                    case .now(let response): response
                    case .later(let work): await work()
                    }
                change.outcome = response.status < 400 ? .done : .failed
                do {
                    try await append(change)
                } catch {
                    // It is done, and the first entry says that it was begun.
                    Log("audit").error("the outcome was not recorded", ["action": verb, "request": request.id])
                }
                return response
            }
        }
    }

    private func target(_ path: [String]) async throws -> String {
        guard !users.isEmpty else { return path.joined(separator: " ") }
        return try await BlockingWork.run("audit") { _ in
            try path.enumerated().map { place, part in
                guard users.contains(place) else { return part }
                let user = pseudonyms?.pseudonym(of: part) ?? part
                return String(try register.subject(of: user).hex.prefix(16))
            }.joined(separator: " ")
        }
    }

    private func append(_ change: AuditedChange) async throws {
        try await BlockingWork.run("audit") { _ in _ = try log.append(change) }
    }

    private static func refusal(_ error: any Error, _ request: HTTPRequest) -> HTTPResponse {
        Log("audit").error("a change was refused: it cannot be recorded", ["error": "\(error)", "request": request.id])
        return HTTPProblem(PlatformError.cannotAudit).response(requestID: request.id)
    }

    /// Why, if the caller says so: `reason` in the query or in a JSON object.
    private static func reason(of request: HTTPRequest) -> String {
        if let reason = request.query["reason"] { return String(reason.prefix(1000)) }
        guard !request.body.isEmpty, request.body.count <= longestReasoned,
            let body = try? JSONValue(parsing: request.body), case .text(let reason)? = body["reason"]
        else { return "" }
        return String(reason.prefix(1000))
    }
}
