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
                body: .json(ModelShapes.settings, limit: 65_536, isRequired: false),
                answers: [.json(ModelShapes.run, status: 202, "It has begun.", headers: ["Location": "Where to ask."])],
                problems: [Route.Problem(ModelError.runUnderWay)]
            ) { request, _ in
                answering(request) {
                    let body = try ModelBody(request, ["rank", "epochs", "seed", "promote", "reason"])
                    let settings = TrainingJobs.Settings(
                        rank: try body.whole("rank", ModelShapes.rank),
                        epochs: try body.whole("epochs", ModelShapes.epochs),
                        seed: try body.whole("seed", 0...9_007_199_254_740_991).map(UInt64.init),
                        policy: try body.choice("promote", GateVerdict.Policy.self))
                    let reason = try body.text("reason", limit: 1000) ?? ""
                    let job = try await BlockingWork.run("models") { _ in
                        try audited(request, "training.start", "", reason) {
                            guard let job = try jobs.start(settings) else { throw ModelError.runUnderWay }
                            return job
                        }
                    }
                    var response = Self.json(request, status: 202) { $0.members(of: job) }
                    response.headers.append(("Location", "/v1/training-runs/\(job.id)"))
                    return response
                }
            },
            Route(
                .get, "/v1/training-runs", "The training runs of this process, newest first.",
                answers: [.json(ModelShapes.runs)]
            ) { request, _ in
                .now(
                    Self.json(request) {
                        $0.name("training_runs")
                        $0.array {
                            for job in jobs.all {
                                $0.object {
                                    $0.field("request_id", request.id)
                                    $0.members(of: job)
                                }
                            }
                        }
                    })
            },
            Route(
                .get, "/v1/training-runs/{run}", "How a training run stands.", answers: [.json(ModelShapes.run)],
                problems: [missing]
            ) { request, path in
                answered(request, jobs.job(path[0]), path[0])
            },
            Route(
                .delete, "/v1/training-runs/{run}",
                "Ends a training run after the epoch in hand; nothing is published.",
                scope: .models, answers: [.json(ModelShapes.run)], problems: [missing]
            ) { request, path in
                answering(request) {
                    let job = try await BlockingWork.run("models") { _ in
                        try audited(request, "training.cancel", path[0], "") { jobs.cancel(path[0]) }
                    }
                    guard let job else { throw ModelError.runNotFound(id: path[0]) }
                    return Self.json(request) { $0.members(of: job) }
                }
            },
        ]
    }

    private func answered(_ request: HTTPRequest, _ job: TrainingJobs.Job?, _ id: String) -> HTTPReply {
        guard let job else {
            return .now(HTTPProblem(ModelError.runNotFound(id: id)).response(requestID: request.id))
        }
        return .now(Self.json(request) { $0.members(of: job) })
    }
}
