internal import Domain
public import HTTPServer
public import Operations
public import Serving
public import Trainer

/// The life of models over REST: what there are, how two differ, which one serves, and training another.
///
/// Everything that reads or writes files runs on a thread of its own, never on one that answers requests.
public struct ModelRoutes: AnsweringRoutes {
    let registry: ModelRegistry
    let service: RecommendationService
    let jobs: TrainingJobs
    /// Where changes are written down before they are made; nil writes them to the registry's history alone.
    let audit: AuditLog?
    static let log = Log("models")

    public init(
        registry: ModelRegistry, service: RecommendationService, jobs: TrainingJobs, audit: AuditLog? = nil
    ) {
        self.registry = registry
        self.service = service
        self.jobs = jobs
        self.audit = audit
    }

    /// All of them, for the router.
    public var table: [Route] { reading + changing + training }

    static let notFound = Route.Problem(ModelError.modelNotFound(id: ""))
    static func model(_ name: String) -> Route.Parameter {
        Route.Parameter(
            name, .identifier, "A model's name, the beginning of it or of its hash, or `current`.", isRequired: true)
    }

    // MARK: Reading

    private var reading: [Route] {
        [
            Route(.get, "/v1/models", "Every published model, newest first.", answers: [.json(ModelShapes.list)]) {
                request, _ in
                later(request) {
                    let inService = try registry.current()
                    let pin = try registry.pin()
                    let manifests = try registry.list().reversed().compactMap { try? registry.manifest(of: $0) }
                    return Self.json(request) {
                        $0.name("in_service")
                        $0.value(inService?.rawValue)
                        $0.field("pinned", pin != nil)
                        $0.name("models")
                        $0.array {
                            for manifest in manifests {
                                $0.object { $0.summary(of: manifest, inService: inService) }
                            }
                        }
                    }
                }
            },
            Route(
                .get, "/v1/models/{model}", "What a model is, how good it is, and what it was made of.",
                path: [Self.model("model")], answers: [.json(ModelShapes.details)], problems: [Self.notFound]
            ) { request, path in
                later(request) {
                    let inService = try registry.current()
                    let manifest = try registry.manifest(of: try find(path[0]))
                    return Self.json(request) {
                        $0.summary(of: manifest, inService: inService)
                        $0.details(of: manifest)
                    }
                }
            },
            Route(
                .get, "/v1/models/{first}/compare/{second}", "How two models differ, in figures and in lists.",
                path: [Self.model("first"), Self.model("second")], answers: [.json(ModelShapes.comparison)],
                problems: [Self.notFound, Route.Problem(ModelError.damaged(id: ""))]
            ) { request, path in
                later(request) {
                    let (first, second) = (try find(path[0]), try find(path[1]))
                    let comparison = try ModelComparison(first, second, in: registry)
                    let inService = try registry.current()
                    let manifests = try [first, second].map { try registry.manifest(of: $0) }
                    return Self.json(request) {
                        $0.name("first")
                        $0.object { $0.summary(of: manifests[0], inService: inService) }
                        $0.name("second")
                        $0.object { $0.summary(of: manifests[1], inService: inService) }
                        $0.comparison(comparison)
                    }
                }
            },
            Route(
                .get, "/v1/evaluations/{model}", "What was measured when a model was trained.",
                path: [Self.model("model")], answers: [.json(ModelShapes.evaluation)],
                problems: [Self.notFound, Route.Problem(ModelError.evaluationNotFound(id: ""))]
            ) { request, path in
                later(request) {
                    let id = try find(path[0])
                    guard let json = try registry.evaluationJSON(of: id) else {
                        throw ModelError.evaluationNotFound(id: id.rawValue)
                    }
                    return HTTPResponse(body: json)
                }
            },
            Route(
                .get, "/v1/evaluations/{model}/report.html", "The same as a page for people.",
                path: [Self.model("model")], answers: [.text("text/html")],
                problems: [Self.notFound, Route.Problem(ModelError.evaluationNotFound(id: ""))]
            ) { request, path in
                later(request) {
                    let id = try find(path[0])
                    guard let html = try registry.reportHTML(of: id) else {
                        throw ModelError.evaluationNotFound(id: id.rawValue)
                    }
                    return HTTPResponse(
                        contentType: "text/html; charset=utf-8", headers: InterfacePage.headers, body: html)
                }
            },
        ]
    }

    // MARK: Changing

    private var changing: [Route] {
        [
            Route(
                .post, "/v1/models/{model}/promote", "Puts a model into service.", scope: .models,
                path: [Self.model("model")], body: .json(ModelShapes.reason, limit: 65_536, isRequired: false),
                answers: [.json(ModelShapes.swapped, "It is in service: the next answers are made by it.")],
                problems: [Self.notFound, Route.Problem(ModelError.damaged(id: ""))]
            ) { request, path in
                swap(request, "model.promote", target: path[0]) { reason in
                    let id = try find(path[0])
                    do {
                        return (id, try registry.promote(id, reason: reason))
                    } catch TrainerError.damagedModelFile {
                        throw ModelError.damaged(id: id.rawValue)
                    }
                }
            },
            Route(
                .post, "/v1/models/rollback", "Puts the model back into service that was there before, and pins it.",
                scope: .models, body: .json(ModelShapes.reason, limit: 65_536, isRequired: false),
                answers: [.json(ModelShapes.swapped, "It is in service: the next answers are made by it.")],
                problems: [
                    Route.Problem(ModelError.nothingToRollBackTo),
                    Route.Problem(ModelError.badMember(name: "", allowed: "")),
                ]
            ) { request, _ in
                swap(request, "model.rollback", target: "") { reason in
                    let previous = try registry.current()
                    do {
                        return (try registry.rollback(reason: reason), previous)
                    } catch TrainerError.nothingToRollBackTo {
                        throw ModelError.nothingToRollBackTo
                    }
                }
            },
        ]
    }

    /// Moves the pointer, then answers from the model it points to; a model that cannot be laid out stays out of service.
    private func swap(
        _ request: HTTPRequest, _ action: String, target: String,
        _ point: @escaping @Sendable (_ reason: String) throws -> (ModelID, ModelID?)
    ) -> HTTPReply {
        answering(request) {
            let reason = try ModelBody(request, ["reason"]).text("reason", limit: 1000) ?? ""
            let (id, previous, isPinned) = try await BlockingWork.run("models") { _ in
                let (id, previous) = try audited(request, action, target, reason) {
                    try point(reason.isEmpty ? "by the API" : reason)
                }
                return (id, previous, try registry.pin() != nil)
            }
            try await service.reloadModel()
            return Self.json(request) {
                $0.field("in_service", id.rawValue)
                $0.name("previous")
                $0.value(previous?.rawValue)
                $0.field("pinned", isPinned)
                $0.field("took_ms", (ContinuousClock.now - request.receivedAt) / .milliseconds(1))
            }
        }
    }

    func audited<R: Sendable>(
        _ request: HTTPRequest, _ action: String, _ target: String, _ reason: String, _ body: () throws -> R
    ) throws -> R {
        guard let audit else { return try body() }
        return try audit.record(
            by: "api", action, of: target, reason: reason, requestID: request.id, body)
    }

    // MARK: Answering

    func find(_ text: String) throws -> ModelID {
        do {
            return try registry.find(text)
        } catch let error as TrainerError {
            switch error {
            case .modelNotFound, .noPromotedModel, .registryNotFound: throw ModelError.modelNotFound(id: text)
            default: throw error
            }
        }
    }

    /// Answers from a thread that may wait.
    private func later(_ request: HTTPRequest, _ body: @escaping @Sendable () throws -> HTTPResponse) -> HTTPReply {
        answering(request) { try await BlockingWork.run("models") { _ in try body() } }
    }

    /// Which file is damaged is for the log.
    static func translated(_ error: any Error, of request: HTTPRequest) -> any Error {
        guard let error = error as? TrainerError, error.code == "damaged-model-file" else { return error }
        log.error("a model is damaged", ["request_id": request.id, "error": "\(error)"])
        return ModelError.damaged(id: "asked for")
    }
}
