import CRdKafka
import Foundation
import Synchronization

/// A Kafka-protocol broker in this process, for demos, development and tests: librdkafka's mock cluster.
///
/// Other processes may connect to ``bootstrapServers``. It keeps everything in memory and forgets: each partition holds
/// at most 5 MiB or 100,000 batches, and drops the oldest beyond that. Ports are chosen by the system and cannot be
/// fixed. Topics come into being, with four partitions, when they are first named.
public final class EmbeddedBroker: Sendable {
    /// Bytes a partition holds before the oldest batch is dropped (`rd_kafka_mock_partition_new`).
    public static let retentionBytes = 5 << 20

    private let client: KafkaClient
    private let cluster: Cluster
    public let bootstrapServers: String
    private let bootstrapFile: String?

    /// The one owner of an `rd_kafka_mock_cluster_t`.
    /// Sendable unchecked: each call takes the cluster's own lock, and the pointer never changes.
    private final class Cluster: @unchecked Sendable {
        let pointer: OpaquePointer
        private let client: KafkaClient

        init(of client: KafkaClient, brokers: Int) throws {
            guard let pointer = rd_kafka_mock_cluster_new(client.handle, Int32(brokers)) else {
                throw IngestError.kafka(operation: "starting the embedded broker", reason: "no free local port")
            }
            self.pointer = pointer
            self.client = client
        }

        // Before the client that it lives in.
        deinit { rd_kafka_mock_cluster_destroy(pointer) }
    }

    /// Starts the cluster on free ports of 127.0.0.1.
    /// - Parameter bootstrapFile: a file to write `bootstrap.servers=…` to, so that other terminals find it; removed
    ///   again when the broker goes.
    public init(brokers: Int = 1, bootstrapFile: String? = nil) throws {
        client = try KafkaClient(RD_KAFKA_PRODUCER, KafkaProperties(), observer: KafkaObserver())
        cluster = try Cluster(of: client, brokers: brokers)
        guard let servers = rd_kafka_mock_cluster_bootstraps(cluster.pointer) else {
            throw IngestError.kafka(operation: "starting the embedded broker", reason: "it has no address")
        }
        bootstrapServers = String(cString: servers)
        self.bootstrapFile = bootstrapFile
        if let bootstrapFile {
            do {
                try "bootstrap.servers=\(bootstrapServers)\n".write(
                    toFile: bootstrapFile, atomically: true, encoding: .utf8)
            } catch {
                throw IngestError.invalidSetting(
                    name: "--bootstrap-file \(bootstrapFile)", reason: "cannot write there")
            }
        }
    }

    deinit {
        if let bootstrapFile { try? FileManager.default.removeItem(atPath: bootstrapFile) }
    }

    /// Creates a topic with a chosen number of partitions. One that exists stays as it is.
    public func createTopic(_ name: String, partitions: Int, replication: Int = 1) throws {
        let code = rd_kafka_mock_topic_create(cluster.pointer, name, Int32(partitions), Int32(replication))
        if code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS { return }
        throw IngestError.topicRefused(topic: name, reason: describe(code))
    }

    // MARK: Faults, for rehearsals

    /// Requests of the Kafka protocol that can be made to fail.
    public enum Request: Int16, Sendable {
        case produce = 0
        case fetch = 1
        case listOffsets = 2
        case metadata = 3
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case syncGroup = 14
    }

    public enum Failure: Sendable {
        case disconnect
        case requestTimedOut
        case notLeader
        case unknownTopic
        case rebalanceInProgress
        case offsetOutOfRange
        case storage
        case leaderNotAvailable
        case coordinatorLoading
        case coordinatorNotAvailable
        case notCoordinator
        case illegalGeneration
        case unknownMember
        /// Of which an idempotent producer's client dies.
        case outOfOrderSequence
    }

    /// Makes the next requests of a kind fail, one failure each, in order.
    public func fail(_ request: Request, with failures: [Failure]) {
        let codes = failures.map { failure -> rd_kafka_resp_err_t in
            switch failure {
            case .disconnect: RD_KAFKA_RESP_ERR__TRANSPORT
            case .requestTimedOut: RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT
            case .notLeader: RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
            case .unknownTopic: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            case .rebalanceInProgress: RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS
            case .offsetOutOfRange: RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE
            case .storage: RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR
            case .leaderNotAvailable: RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
            case .coordinatorLoading: RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS
            case .coordinatorNotAvailable: RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE
            case .notCoordinator: RD_KAFKA_RESP_ERR_NOT_COORDINATOR
            case .illegalGeneration: RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION
            case .unknownMember: RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID
            case .outOfOrderSequence: RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER
            }
        }
        rd_kafka_mock_push_request_errors_array(cluster.pointer, request.rawValue, codes.count, codes)
    }

    /// Whether the cluster says of a topic that it does not know it, as a broker does that has just started.
    public func setTopic(_ name: String, isKnown: Bool) {
        rd_kafka_mock_topic_set_error(
            cluster.pointer, name, isKnown ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    }

    public func setBroker(_ id: Int, isUp: Bool) {
        _ =
            isUp
            ? rd_kafka_mock_broker_set_up(cluster.pointer, Int32(id))
            : rd_kafka_mock_broker_set_down(cluster.pointer, Int32(id))
    }

    public func setLeader(of place: TopicPartition, to broker: Int) {
        _ = rd_kafka_mock_partition_set_leader(cluster.pointer, place.topic, place.partition, Int32(broker))
    }

    /// Moves the coordinator of a consumer group.
    public func setCoordinator(of group: String, to broker: Int) {
        _ = rd_kafka_mock_coordinator_set(cluster.pointer, "group", group, Int32(broker))
    }

    /// Delays every answer of a broker.
    public func setRoundTrip(of broker: Int, milliseconds: Int) {
        _ = rd_kafka_mock_broker_set_rtt(cluster.pointer, Int32(broker), Int32(milliseconds))
    }
}
