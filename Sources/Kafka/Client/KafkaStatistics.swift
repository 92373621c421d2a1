import Foundation

/// The part of librdkafka's statistics that an operator can act upon.
///
/// The document has some thousand figures (STATISTICS.md of librdkafka); these tell a slow broker from a slow network
/// from a slow reader.
package struct KafkaStatistics: Decodable, Equatable {
    /// One broker, or one bootstrap address.
    package struct Broker: Decodable, Equatable {
        /// A rolling window of durations.
        package struct Window: Decodable, Equatable {
            /// Microseconds.
            package var avg: Int
            package var p99: Int
        }

        package var nodeid: Int
        /// `UP`, `INIT`, `CONNECT`, `AUTH_REQ`, …
        package var state: String
        package var rtt: Window
        /// Requests that timed out, since the client was made.
        package var req_timeouts: Int
        /// Connections lost.
        package var disconnects: Int
    }

    /// What a client knows of one topic.
    package struct Topic: Decodable, Equatable {
        /// One partition, as a consumer sees it.
        package struct Partition: Decodable, Equatable {
            /// Messages and bytes fetched and not read yet.
            package var fetchq_cnt: Int
            package var fetchq_size: Int
        }

        package var partitions: [String: Partition]
    }

    /// The consumer group, as this member sees it.
    package struct Group: Decodable, Equatable {
        package var state: String
        package var rebalance_cnt: Int
    }

    /// Bytes received from brokers, since the client was made.
    package var rx_bytes: Int
    package var brokers: [String: Broker]
    package var topics: [String: Topic]
    /// Of consumers that are in a group.
    package var cgrp: Group?

    /// Nil if the document is not one of librdkafka's.
    package init?(json: String) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = read
    }

    /// Messages fetched and not read yet, and the memory they take. A consumer's partitions all feed one queue, and each
    /// shows that queue's figures as its own.
    package var queue: (messages: Int, bytes: Int) {
        let partitions = topics.values.flatMap(\.partitions.values)
        return (partitions.map(\.fetchq_cnt).max() ?? 0, partitions.map(\.fetchq_size).max() ?? 0)
    }

    /// Brokers that were ever talked to: those of the cluster, without the bootstrap addresses.
    package var cluster: [Broker] { brokers.values.filter { $0.nodeid >= 0 }.sorted { $0.nodeid < $1.nodeid } }
}
