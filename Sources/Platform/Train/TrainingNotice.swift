internal import Delivery
internal import Domain
internal import Operations
internal import Trainer

/// What webhooks tell of a training run: docs/webhooks.md has the form.
struct TrainingNotice {
    let record: TrainingRecord
    let manifest: Manifest?

    /// Nil for what nobody needs to hear of: a run that was stopped by hand.
    var type: String? {
        switch (record.state, record.verdict?.outcome) {
        case (.failed, _): "training.failed"
        case (.done, .promoted): "training.promoted"
        case (.done, .kept): "training.kept"
        case (.done, .refused): "training.refused"
        default: nil
        }
    }

    /// Puts it into the outbox. A receiver is not waited for; an outbox that cannot be written is logged.
    func post(to webhooks: WebhookSender?) {
        guard let webhooks, let type else { return }
        do {
            try webhooks.post(WebhookMessage(type) { members(&$0) })
        } catch {
            Log("trainer").error("a webhook could not be written down", ["type": type, "why": "\(error)"])
        }
    }

    private func members(_ json: inout JSONWriter) {
        json.field("run", record.id)
        json.field("cause", record.causeName)
        if let version = record.dataVersion { json.field("data_version", Int(version)) }
        if let model = record.model { json.field("model", model.rawValue) }
        if let verdict = record.verdict {
            json.field("outcome", verdict.outcome.rawValue)
            if let finding = verdict.finding { json.field("finding", finding.rawValue) }
            json.field("reason", verdict.reason)
            if let incumbent = verdict.incumbent { json.field("incumbent", incumbent.rawValue) }
            if let metric = verdict.metric { json.field("metric", metric) }
            if let difference = verdict.relativeDifference {
                json.name("relative_difference")
                json.object {
                    $0.field("value", difference.value)
                    if let low = difference.low, let high = difference.high {
                        $0.field("low", low)
                        $0.field("high", high)
                    }
                }
            }
            json.field("failures", verdict.failures)
        }
        if let drift = manifest?.drift { json.field("drift", drift.drifted.map(\.name)) }
        if let failure = record.failure {
            json.name("error")
            json.object {
                $0.field("code", failure.code)
                $0.field("detail", failure.message)
                $0.field("advice", failure.advice)
            }
        }
    }
}
