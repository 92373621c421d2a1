import Domain
import Kafka

/// What a run says of itself.
extension IngestRun {
    /// Counts on from what a run before this one did.
    func goOn(from earlier: IngestProgress) {
        progress = earlier
        progress.stalledPartitions = 0
        secondsBefore = earlier.seconds
    }

    func reportIfDue() {
        guard clock.now - reported > .milliseconds(200) else { return }
        reported = clock.now
        report()
    }

    func report() {
        let view = watch.view
        for (place, end) in view.ends { ledger.foundEnd(place, end) }
        progress.outage = view.outage
        progress.missingTopics = view.missingTopics
        let strange = watch.suspects
        trusted.note(
            round: view.round,
            stored: ledger.states.filter {
                view.answered.contains($0.key) && suspects[$0.key] == nil && !strange.contains($0.key)
                    && !unavailable.contains($0.key)
            }.compactMapValues(\.stored))
        noteHeldBack(view)
        // Before the first answer it is what the start found.
        progress.lag = view.outage == nil ? ledger.lag : nil
        unread = ledger.unread
        progress.seconds = secondsBefore + (clock.now - start).inSeconds
        metrics.show(progress, pending: pending, lags: ledger.lags)
        hooks.onProgress?(progress)
    }
}
