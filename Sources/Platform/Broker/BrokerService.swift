internal import Kafka
public import Operations

/// The embedded development broker, for as long as it runs: in memory, on this machine only.
public final class BrokerService: Service {
    public let name = "broker"
    private let broker: EmbeddedBroker

    /// Starts the broker; it can be reached from here on.
    /// - Parameters:
    ///   - port: where clients find it after each start; nil for any.
    ///   - bootstrapFile: where to leave its address, for scripts.
    /// - Throws: an `IngestError` if it cannot start or the file cannot be written.
    public init(port: Int? = nil, bootstrapFile: String? = nil) throws {
        broker = try EmbeddedBroker(port: port, bootstrapFile: bootstrapFile)
    }

    /// `HOST:PORT`, to give to clients.
    public var bootstrapServers: String { broker.bootstrapServers }

    /// Keeps the broker alive until cancelled.
    public func run() async throws {
        await BlockingWork.untilCancelled()
        withExtendedLifetime(broker) {}
    }
}
