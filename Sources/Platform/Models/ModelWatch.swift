public import Delivery
internal import Domain
public import Operations
public import Trainer

/// Tells webhooks of each change of the model in service, whoever made it and wherever: by REST, by command, by a training.
///
/// The registry's own history is what it reads, and how far it has told stands in the state. So a change that was made
/// while nobody watched, or a moment before a crash, is told once somebody watches again.
public final class ModelWatch: Service {
    public let name = "model-watch"
    private let registry: ModelRegistry
    private let webhooks: WebhookSender
    private static let log = Log("models")

    public init(registry: ModelRegistry, webhooks: WebhookSender) {
        self.registry = registry
        self.webhooks = webhooks
    }

    public func run() async throws {
        var trouble = ""
        while !Task.isCancelled {
            do {
                try await BlockingWork.run("models") { [self] _ in try look() }
                trouble = ""
            } catch {
                let found = "\(error)"
                if found != trouble { Self.log.warning("the history of models is not told", ["why": found]) }
                trouble = found
            }
            try? await Task.sleep(for: .seconds(2))
        }
    }

    /// One look at the history. Blocks.
    func look() throws {
        let entries = try registry.history()
        try webhooks.follow("models of \(registry.folder)", count: entries.count) { Self.message(entries[$0]) }
    }

    private static func message(_ entry: RegistryEntry) -> WebhookMessage? {
        let type: String
        switch entry.action {
        case .promoted: type = "model.promoted"
        case .rolledBack: type = "model.rolled_back"
        case .published, .unpinned: return nil
        }
        return WebhookMessage(type, at: entry.at) { json in
            json.field("model", entry.model.rawValue)
            if let previous = entry.previous { json.field("previous", previous.rawValue) }
            json.field("reason", entry.reason)
        }
    }
}
