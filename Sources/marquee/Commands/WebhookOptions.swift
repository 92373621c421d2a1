import Delivery
import Operations

/// Where a command tells what has happened.
enum WebhookOptions {
    static let specs = [
        Options.webhook.spec, Options.webhookSecretFile.spec, Options.webhookAllowPrivate.spec, attempts.spec,
        pause.spec,
        concurrency.spec,
    ]

    private static let attempts = Option<Int>.integer(
        "webhook-attempts", in: 1...100, default: WebhookPolicy().attempts,
        "Attempts before a message is given up: 'marquee webhooks' lists and revives those.")
    private static let pause = Option<Double>.seconds(
        "webhook-pause", default: "10s", "Pause before the second attempt; it doubles from there, up to 6 hours.")
    private static let concurrency = Option<Int>.integer(
        "webhook-concurrency", in: 1...64, default: WebhookPolicy().concurrency,
        "Messages of one receiver that are on the wire at once.")

    /// The sender over the outbox of `--state`; nil without `--webhook`.
    /// - Parameter state: that of `--state`, where the command has it already.
    /// - Throws: `DeliveryError`, and for options that mean nothing alone.
    static func sender(_ invocation: Invocation, _ state: StateDatabase? = nil) throws -> WebhookSender? {
        guard let urls = invocation.optional(Options.webhook) else {
            try invocation.refuse(specs, without: Options.webhook)
            return nil
        }
        let secrets = try WebhookSecret.read(fromFile: try invocation.value(Options.webhookSecretFile))
        let allowsPrivateTargets = try invocation.value(Options.webhookAllowPrivate)
        let endpoints = try urls.map {
            try WebhookEndpoint(url: $0, secrets: secrets, allowsPrivateTargets: allowsPrivateTargets)
        }
        for endpoint in endpoints { try endpoint.checkIsAllowed() }
        var policy = WebhookPolicy()
        policy.attempts = try invocation.value(attempts)
        policy.firstPause = .seconds(try invocation.value(pause))
        policy.concurrency = try invocation.value(concurrency)
        let folder = try invocation.value(Options.stateFolder)
        return WebhookSender(endpoints, state: state ?? StateDatabase(folder: folder), policy: policy)
    }
}
