internal import Domain
internal import Trainer

extension JSONWriter {
    mutating func value(_ interval: Interval?) {
        guard let interval else { return null() }
        object {
            $0.field("value", interval.value)
            $0.name("low")
            $0.value(interval.low)
            $0.name("high")
            $0.value(interval.high)
        }
    }

    mutating func value(_ number: Double?) {
        if let number { value(number) } else { null() }
    }

    mutating func value(_ text: String?) {
        if let text { value(text) } else { null() }
    }

    /// By metric, then by cut-off.
    mutating func value(_ metrics: [String: [String: Interval]]?) {
        guard let metrics else { return null() }
        object {
            for (metric, values) in metrics.sorted(by: { $0.key < $1.key }) {
                $0.name(text: metric)
                $0.object {
                    for (cutoff, interval) in values.sorted(by: { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }) {
                        $0.name(text: cutoff)
                        $0.value(interval)
                    }
                }
            }
        }
    }

    /// The members of a model that every answer about it has.
    mutating func summary(of manifest: Manifest, inService: ModelID?) {
        field("id", manifest.id.rawValue)
        field("in_service", manifest.id == inService)
        field("trained_at", manifest.trainedAt.description)
        field("kind", manifest.kind)
        name("data_version")
        if let version = manifest.data.version { value(Int(version)) } else { null() }
        field("events", manifest.data.events)
        field("users", manifest.data.users)
        field("items", manifest.data.items)
        field("rank", manifest.parameters.rank)
        field("epochs", manifest.parameters.epochs)
        field("seed", Int(clamping: manifest.seed))
        field("verdict", manifest.gate.outcome.rawValue)
        field("verdict_reason", manifest.gate.reason)
        name("ndcg_at_10")
        value(manifest.evaluation?.headline("ndcg"))
    }

    mutating func details(of manifest: Manifest) {
        field("code_version", manifest.codeVersion)
        field("factors_sha256", manifest.factorsSHA256)
        field("bytes", manifest.files.values.reduce(0) { $0 + $1.bytes })
        field("source", manifest.data.source)
        field("interactions", manifest.data.interactions)
        field("liked", manifest.data.liked)
        field("first_event_at", manifest.data.firstEventAt.description)
        field("last_event_at", manifest.data.lastEventAt.description)
        field("training_seconds", manifest.training.seconds)
        field("policy", manifest.gate.policy.rawValue)
        name("incumbent")
        value(manifest.gate.incumbent?.rawValue)
        name("relative_difference")
        value(manifest.gate.relativeDifference)
        field("failures", manifest.gate.failures)
        name("measured")
        value(manifest.evaluation?.describes)
        name("metrics")
        value(manifest.evaluation?.metrics)
        name("popularity")
        value(manifest.evaluation?.popularity)
    }

    mutating func comparison(_ comparison: ModelComparison) {
        field("on_same_events", comparison.isOnSameEvents)
        name("metrics")
        array {
            for line in comparison.lines {
                $0.object {
                    $0.field("metric", line.metric)
                    $0.field("k", line.cutoff)
                    $0.sides(line.first, line.second, line.difference)
                }
            }
        }
        name("overlap")
        object {
            $0.name("rbo")
            $0.value(comparison.overlap)
            $0.field("users", comparison.comparedUsers)
        }
        name("slices")
        array {
            for slice in comparison.slices {
                $0.object {
                    $0.field("dimension", slice.dimension)
                    $0.field("name", slice.name)
                    $0.field("metric", slice.metric)
                    $0.sides(slice.first, slice.second, slice.difference)
                }
            }
        }
    }

    private mutating func sides(_ first: Interval, _ second: Interval, _ difference: Interval) {
        name("first")
        value(first)
        name("second")
        value(second)
        name("difference")
        value(difference)
    }

    mutating func members(of job: TrainingRecord) {
        field("id", job.id)
        field("state", job.state.rawValue)
        field("cause", job.causeName)
        name("data_version")
        if let version = job.dataVersion { value(Int(version)) } else { null() }
        field("started_at", job.startedAt.description)
        name("ended_at")
        value(job.endedAt?.description)
        field("phase", job.phase)
        field("epoch", job.epoch)
        field("epochs", job.epochs)
        name("model")
        value(job.model?.rawValue)
        name("verdict")
        value(job.verdict?.outcome.rawValue)
        name("verdict_reason")
        value(job.verdict?.reason)
        name("error")
        guard let failure = job.failure else { return null() }
        object {
            $0.field("code", failure.code)
            $0.field("detail", failure.message)
            $0.field("advice", failure.advice)
        }
    }

    /// What a job remembers.
    mutating func members(of memory: JobMemory) {
        field("schedule", memory.schedule)
        name("last_run_at")
        value(memory.lastRunAt?.description)
        name("last_success_at")
        value(memory.lastSuccessAt?.description)
        name("next_run_at")
        value(memory.nextAt?.description)
        field("failures", memory.failures)
    }
}
