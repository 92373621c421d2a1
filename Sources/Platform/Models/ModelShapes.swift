internal import HTTPServer
internal import Trainer

/// What the routes about models take and answer, as schemas.
enum ModelShapes {
    static let path = JSONSchema.identifier.meaning("A model's name, the beginning of it or of its hash, or `current`.")

    static let interval = JSONSchema.named(
        "Interval",
        .object(["value": .number(), "low": .nullable(.number()), "high": .nullable(.number())])
            .meaning("An estimate with its 95 % interval, which figures that are no mean over users do not have."))

    /// By metric, then by cut-off.
    static let metrics = JSONSchema.named("Metrics", .map(of: .map(of: interval)))

    private static let summaryMembers = JSONSchema.object([
        "id": .text(), "in_service": .boolean, "trained_at": .time, "kind": .text(),
        "data_version": .nullable(.integer(0...Int.max)), "events": .integer(0...Int.max),
        "users": .integer(0...Int.max), "items": .integer(0...Int.max), "rank": .integer(1...Int.max),
        "epochs": .integer(0...Int.max), "seed": .integer(), "verdict": .choice(["promoted", "kept", "refused"]),
        "verdict_reason": .text(), "ndcg_at_10": .nullable(interval),
    ])
    static let summary = JSONSchema.named("ModelSummary", summaryMembers)

    static let list = JSONSchema.object([
        "request_id": .text(), "in_service": .nullable(.text()), "pinned": pinned, "models": .list(summary),
    ])

    private static let pinned = JSONSchema.boolean.meaning(
        "Whether trainings promote nothing, after a rollback, until a promotion by hand or `marquee models unpin`.")

    static let details = JSONSchema.named(
        "ModelDetails",
        summaryMembers.with([
            "request_id": .text(), "code_version": .text(), "factors_sha256": .text(), "bytes": .integer(0...Int.max),
            "source": .text(), "interactions": .integer(0...Int.max), "liked": .integer(0...Int.max),
            "first_event_at": .time, "last_event_at": .time, "training_seconds": .number(), "policy": .text(),
            "incumbent": .nullable(.text()), "relative_difference": .nullable(interval), "failures": .list(.text()),
            "measured": .nullable(.text()), "metrics": .nullable(metrics), "popularity": .nullable(metrics),
        ]))

    static let swapped = JSONSchema.named(
        "Swap",
        .object([
            "request_id": .text(), "in_service": .text(), "previous": .nullable(.text()), "pinned": pinned,
            "took_ms": .number(),
        ]))

    private static let sides: KeyValuePairs<String, JSONSchema> = [
        "first": interval, "second": interval, "difference": interval,
    ]

    static let comparison = JSONSchema.object([
        "request_id": .text(), "first": summary, "second": summary,
        "on_same_events": .boolean.meaning("Whether both were measured on the same held-out events."),
        "metrics": .list(JSONSchema.object(["metric": .text(), "k": .text()]).with(sides)),
        "overlap": .object(["rbo": .nullable(.number(0...1)), "users": .integer(0...Int.max)]),
        "slices": .list(
            JSONSchema.object(["dimension": .text(), "name": .text(), "metric": .text()]).with(sides)),
    ])

    static let run = JSONSchema.named(
        "TrainingRun",
        .object([
            "request_id": .text(), "id": .text(), "state": .choice(TrainingRecord.State.allCases.map(\.rawValue)),
            "cause": .choice(RunPlan.Cause.allCases.map(\.rawValue)), "data_version": .nullable(.integer(0...Int.max)),
            "started_at": .time, "ended_at": .nullable(.time), "phase": .text(), "epoch": .integer(0...Int.max),
            "epochs": .integer(0...Int.max), "model": .nullable(.text()), "verdict": .nullable(.text()),
            "verdict_reason": .nullable(.text()),
            "error": .nullable(.object(["code": .text(), "detail": .text(), "advice": .text()])),
        ]))

    /// What the periodic job of the registry remembers.
    static let job = JSONSchema.named(
        "TrainingJob",
        .object([
            "schedule": .text(), "last_run_at": .nullable(.time), "last_success_at": .nullable(.time),
            "next_run_at": .nullable(.time), "failures": .integer(0...Int.max),
        ]))

    static let runs = JSONSchema.object(["request_id": .text(), "job": job, "training_runs": .list(run)])

    /// `evaluation.json` of a model: what every format of it has, and what docs/evaluation-report.schema.json adds.
    static let evaluation = JSONSchema.named(
        "Evaluation",
        .members(
            [
                ("format", .integer(1...Int.max)), ("generated_at", .time), ("code_version", .text()),
                ("describes", .text().meaning("Whose figures the metrics are.")), ("data", .map(of: .any)),
                ("protocol", .text()), ("cutoffs", .list(.integer(1...Int.max))), ("metrics", metrics),
                ("baselines", .list(.object(["name": .text(), "metrics": metrics]))), ("slices", .list(slice)),
                ("comparisons", .list(.map(of: .any))), ("training", .map(of: .any)), ("settings", .map(of: .any)),
                ("seed", .integer(0...Int.max)), ("peak_rss_bytes", .integer(0...Int.max)),
            ].map { JSONSchema.Member(name: $0.0, schema: $0.1, isRequired: true) }, others: .any
        ).meaning("What was measured when the model was trained."))

    private static let slice = JSONSchema.object([
        "dimension": .text(), "name": .text(), "users": .integer(0...Int.max), "metric": .text(), "model": interval,
        "popular": interval,
    ])

    /// Who asked for a change is known by the key; why is said here.
    static let reason = JSONSchema.object([:], optional: ["reason": .text(bytes: 0...1000)])

    static let settings = JSONSchema.object(
        [:],
        optional: [
            "rank": .integer(rank), "epochs": .integer(epochs), "seed": .integer(0...9_007_199_254_740_991),
            "promote": .choice(GateVerdict.Policy.allCases.map(\.rawValue)), "reason": .text(bytes: 0...1000),
        ])

    static let rank = 1...512
    static let epochs = 1...1000
}
