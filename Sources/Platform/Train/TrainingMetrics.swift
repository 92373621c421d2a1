internal import Domain
internal import Operations

/// The state's knowledge of training runs as metrics: of every process that shares the state.
struct TrainingMetrics: Sendable {
    let ledger: TrainingLedger

    /// Brings the gauges up to date. Blocks for a look into the state; what cannot be read leaves them as they are.
    func refresh() {
        guard let memory = try? ledger.memory, let newest = try? ledger.runs(limit: 1) else { return }
        let running = newest.first { $0.state == .running }
        set("marquee_training_running", "1 while a training run is under way.", running == nil ? 0 : 1)
        set(
            "marquee_training_progress_ratio", "Epochs done of the fit in hand.",
            running.map { $0.epochs == 0 ? 0 : Double($0.epoch) / Double($0.epochs) } ?? 0)
        set(
            "marquee_training_last_run_timestamp_seconds", "When a training run of the job last ended.",
            memory.lastRunAt)
        set(
            "marquee_training_last_success_timestamp_seconds", "When one last made a model.", memory.lastSuccessAt)
        set(
            "marquee_training_next_run_timestamp_seconds",
            "When the next is due by the clock; 0 if triggers alone start it.", memory.nextAt)
        set("marquee_training_failures", "Failed training runs in a row.", Double(memory.failures))
    }

    private func set(_ name: String, _ help: String, _ time: Timestamp?) {
        set(name, help, time.map { Double($0.microseconds) / 1e6 } ?? 0)
    }

    private func set(_ name: String, _ help: String, _ value: Double) {
        Metrics.shared.gauge(name, help: help).set(value)
    }

    /// The verdict of a run of this process.
    static func count(_ verdict: String, _ finding: String) {
        Metrics.shared.counter(
            "marquee_trainings_total", help: "Trainings that ended, by what the gate said.",
            labels: ["verdict": verdict, "finding": finding]
        ).increment()
    }
}

extension TrainingMetrics {
    /// What a service tells that has them.
    func status(of service: String) -> ServiceStatus {
        var status = ServiceStatus(of: service)
        status.refresh = refresh
        return status
    }
}
