internal import Domain
internal import HTTPServer
internal import Operations
internal import Trainer

extension ModelRoutes {
    /// Training runs beside serving.
    var training: [Route] {
        let missing = Route.Problem(ModelError.runNotFound(id: ""))
        return [
            Route(
                .post, "/v1/training-runs", "Trains a model on the events in the store, beside serving.",
                scope: .models,
                headers: [
                    Route.Parameter(
                        "Idempotency-Key", .text(bytes: 1...255),
                        "The same request under the same key makes one run, however often it is sent.")
                ],
                body: .json(ModelShapes.settings, limit: 65_536, isRequired: false),
                answers: [
                    .json(
                        ModelShapes.run, status: 202, "It has begun.",
                        headers: [
                            "Location": "Where to ask.",
                            "Idempotency-Replayed": "`true` if the request came before under its key.",
                        ])
                ],
                problems: [Route.Problem(ModelError.runUnderWay), Route.Problem(ModelError.keyReused)]
            ) { request, _ in
                answering(request) {
                    let body = try ModelBody(request, ["rank", "epochs", "seed", "promote", "reason"])
                    let settings = TrainingJobs.Settings(
                        rank: try body.whole("rank", ModelShapes.rank),
                        epochs: try body.whole("epochs", ModelShapes.epochs),
                        seed: try body.whole("seed", 0...9_007_199_254_740_991).map(UInt64.init),
                        policy: try body.choice("promote", GateVerdict.Policy.self))
                    let reason = try body.text("reason", limit: 1000) ?? ""
                    let key = request.headers["idempotency-key"]
                    let (record, isReplayed) = try await BlockingWork.run("models") { _ in
                        try audited(request, "training.start", "", reason) {
                            switch try jobs.start(settings, key: key) {
                            case .begun(let record): (record, false)
                            case .replayed(let record): (record, true)
                            case .keyReused: throw ModelError.keyReused
                            case .busy: throw ModelError.runUnderWay
                            }
                        }
                    }
                    var response = Self.json(request, status: 202) { $0.members(of: record) }
                    response.headers.append(("Location", "/v1/training-runs/\(record.id)"))
                    if isReplayed { response.headers.append(("Idempotency-Replayed", "true")) }
                    return response
                }
            },
            Route(
                .get, "/v1/training-runs",
                "The training runs of this deployment, newest first, and when the next is due.",
                answers: [.json(ModelShapes.runs)]
            ) { request, _ in
                answering(request) {
                    let (runs, memory) = try await BlockingWork.run("models") { _ in (try jobs.all, try jobs.memory) }
                    return Self.json(request) {
                        $0.name("job")
                        $0.object { $0.members(of: memory) }
                        $0.name("training_runs")
                        $0.array {
                            for run in runs {
                                $0.object {
                                    $0.field("request_id", request.id)
                                    $0.members(of: run)
                                }
                            }
                        }
                    }
                }
            },
            Route(
                .get, "/v1/training-runs/{run}", "How a training run stands.", answers: [.json(ModelShapes.run)],
                problems: [missing]
            ) { request, path in
                answering(request) {
                    let record = try await BlockingWork.run("models") { _ in try jobs.job(path[0]) }
                    guard let record else { throw ModelError.runNotFound(id: path[0]) }
                    return Self.json(request) { $0.members(of: record) }
                }
            },
            Route(
                .delete, "/v1/training-runs/{run}",
                "Ends a training run after the epoch in hand; nothing is published.",
                scope: .models, answers: [.json(ModelShapes.run)],
                problems: [missing, Route.Problem(ModelError.runElsewhere)]
            ) { request, path in
                answering(request) {
                    let record = try await BlockingWork.run("models") { _ in
                        try audited(request, "training.cancel", path[0], "") { try jobs.cancel(path[0]) }
                    }
                    guard let record else { throw ModelError.runNotFound(id: path[0]) }
                    guard record.state != .running || jobs.isOurs(path[0]) else { throw ModelError.runElsewhere }
                    return Self.json(request) { $0.members(of: record) }
                }
            },
        ]
    }
}
