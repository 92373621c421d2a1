import CRdKafka
import Domain
import Foundation
import Synchronization

/// A Kafka-protocol broker in this process, for demos, development and tests: librdkafka's mock cluster.
///
/// Other processes may connect to ``bootstrapServers``. It keeps everything in memory and forgets: each partition holds
/// at most 5 MiB or 100,000 batches, and drops the oldest beyond that. Ports are chosen by the system; a fixed one only
/// leads to them, so that clients find a broker that was started again. Topics come into being, with four partitions, when they are first named.
public final class EmbeddedBroker: Sendable {
    private let client: KafkaClient
    private let cluster: Cluster
    public let bootstrapServers: String
    private let bootstrapFile: String?
    private let relay: PortRelay?

    /// The one owner of an `rd_kafka_mock_cluster_t`.
    /// Sendable unchecked: each call takes the cluster's own lock, and the pointer never changes.
    private final class Cluster: @unchecked Sendable {
        let pointer: OpaquePointer
        private let client: KafkaClient

        init(of client: KafkaClient, brokers: Int) throws {
            guard let pointer = rd_kafka_mock_cluster_new(client.handle, Int32(brokers)) else {
                throw KafkaError.failed(operation: "starting the embedded broker", reason: "no free local port")
            }
            self.pointer = pointer
            self.client = client
        }

        // Before the client that it lives in.
        deinit { rd_kafka_mock_cluster_destroy(pointer) }
    }

    /// Starts the cluster on free ports of 127.0.0.1.
    /// - Parameters:
    ///   - port: a port of 127.0.0.1 that leads to them, and stays the same from one start to the next; nil for none.
    ///   - bootstrapFile: a file to write `bootstrap.servers=…` to, so that other terminals find it; removed
    ///   again when the broker goes.
    public init(brokers: Int = 1, port: Int? = nil, bootstrapFile: String? = nil) throws {
        client = try KafkaClient(RD_KAFKA_PRODUCER, KafkaProperties(), observer: KafkaObserver())
        cluster = try Cluster(of: client, brokers: brokers)
        guard let servers = rd_kafka_mock_cluster_bootstraps(cluster.pointer) else {
            throw KafkaError.failed(operation: "starting the embedded broker", reason: "it has no address")
        }
        let own = String(cString: servers)
        // The first of `127.0.0.1:PORT,…`
        let target = own.split(separator: ",").first.flatMap { $0.split(separator: ":").last }.flatMap { Int($0) }
        relay = try port.flatMap { port in try target.map { try PortRelay(port: port, to: $0) } }
        bootstrapServers = relay.map { "127.0.0.1:\($0.port)" } ?? own
        self.bootstrapFile = bootstrapFile
        if let bootstrapFile {
            do {
                try AtomicFile.write(Array("bootstrap.servers=\(bootstrapServers)\n".utf8), to: bootstrapFile)
            } catch {
                throw KafkaError.unwritableBootstrapFile(path: bootstrapFile)
            }
        }
    }

    deinit {
        relay?.close()
        if let bootstrapFile { try? FileManager.default.removeItem(atPath: bootstrapFile) }
    }

    /// Creates a topic with a chosen number of partitions. One that exists stays as it is.
    public func createTopic(_ name: String, partitions: Int, replication: Int = 1) throws {
        let code = rd_kafka_mock_topic_create(cluster.pointer, name, Int32(partitions), Int32(replication))
        if code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { return }
        throw KafkaError.topicRefused(topic: name, reason: describe(code))
    }

    // MARK: Rehearsals

    /// Delays every answer of a broker.
    package func setRoundTrip(of broker: Int, milliseconds: Int) {
        _ = rd_kafka_mock_broker_set_rtt(cluster.pointer, Int32(broker), Int32(milliseconds))
    }

    /// Lends the `rd_kafka_mock_cluster_t`, for what only rehearsals ask of it; the pointer dies with the closure.
    package func withMockCluster<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(self) { try body(cluster.pointer) }
    }
}
