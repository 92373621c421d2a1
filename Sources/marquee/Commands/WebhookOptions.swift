import Delivery
import Operations

/// Where a command tells what has happened.
enum WebhookOptions {
    static let specs = [Options.webhook.spec, Options.webhookSecretFile.spec, Options.webhookAllowPrivate.spec]

    /// The sender over the outbox of `--state`; nil without `--webhook`.
    /// - Throws: `DeliveryError`, and for options that mean nothing alone.
    static func sender(_ invocation: Invocation) throws -> WebhookSender? {
        guard let urls = invocation.optional(Options.webhook) else {
            if invocation.optional(Options.webhookSecretFile) != nil { _ = try invocation.value(Options.webhook) }
            return nil
        }
        let secrets = try WebhookSecret.read(fromFile: try invocation.value(Options.webhookSecretFile))
        let allowsPrivateTargets = try invocation.value(Options.webhookAllowPrivate)
        let endpoints = try urls.map {
            try WebhookEndpoint(url: $0, secrets: secrets, allowsPrivateTargets: allowsPrivateTargets)
        }
        return WebhookSender(
            endpoints, outbox: Outbox(StateDatabase(folder: try invocation.value(Options.stateFolder))))
    }
}
