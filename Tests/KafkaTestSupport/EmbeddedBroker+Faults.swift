import CRdKafka
public import Domain
public import Kafka

/// Faults of the embedded broker.
extension EmbeddedBroker {
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

    /// How a request fails.
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
        withMockCluster { rd_kafka_mock_push_request_errors_array($0, request.rawValue, codes.count, codes) }
    }

    /// Whether the cluster says of a topic that it does not know it, as a broker does that has just started.
    public func setTopic(_ name: String, isKnown: Bool) {
        let code = isKnown ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
        withMockCluster { rd_kafka_mock_topic_set_error($0, name, code) }
    }

    /// Takes a broker away, or brings it back; the first is 1.
    public func setBroker(_ id: Int, isUp: Bool) {
        withMockCluster { cluster in
            _ =
                isUp
                ? rd_kafka_mock_broker_set_up(cluster, Int32(id)) : rd_kafka_mock_broker_set_down(cluster, Int32(id))
        }
    }

    /// Lets every answer of a broker come so much later; the first is 1.
    public func setRoundTrip(_ id: Int, milliseconds: Int) {
        withMockCluster { _ = rd_kafka_mock_broker_set_rtt($0, Int32(id), Int32(milliseconds)) }
    }

    /// Moves the leader of a partition.
    public func setLeader(of place: TopicPartition, to broker: Int) {
        withMockCluster { cluster in
            _ = rd_kafka_mock_partition_set_leader(cluster, place.topic, place.partition, Int32(broker))
        }
    }

    /// Moves the coordinator of a consumer group.
    public func setCoordinator(of group: String, to broker: Int) {
        withMockCluster { _ = rd_kafka_mock_coordinator_set($0, "group", group, Int32(broker)) }
    }
}
