import Foundation
import Operations

/// The part of librdkafka's statistics that an operator can act upon.
///
/// The document has some thousand figures (STATISTICS.md of librdkafka); these tell a slow broker from a slow network
/// from a slow reader.
struct KafkaStatistics: Decodable, Equatable {
    struct Broker: Decodable, Equatable {
        struct Window: Decodable, Equatable {
            /// Microseconds.
            var avg: Int
            var p99: Int
        }

        var nodeid: Int
        /// `UP`, `INIT`, `CONNECT`, `AUTH_REQ`, …
        var state: String
        var rtt: Window
        /// Requests that timed out, since the client was made.
        var req_timeouts: Int
        /// Connections lost.
        var disconnects: Int
    }

    struct Topic: Decodable, Equatable {
        struct Partition: Decodable, Equatable {
            /// Messages and bytes fetched and not read yet.
            var fetchq_cnt: Int
            var fetchq_size: Int
        }

        var partitions: [String: Partition]
    }

    struct Group: Decodable, Equatable {
        var state: String
        var rebalance_cnt: Int
        /// Milliseconds.
        var rebalance_age: Int
    }

    /// Bytes received from brokers, since the client was made.
    var rx_bytes: Int
    var brokers: [String: Broker]
    var topics: [String: Topic]
    /// Of consumers that are in a group.
    var cgrp: Group?

    init?(json: String) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = read
    }

    /// Messages fetched and not read yet, and the memory they take. A consumer's partitions all feed one queue, and each
    /// shows that queue's figures as its own.
    var queue: (messages: Int, bytes: Int) {
        let partitions = topics.values.flatMap(\.partitions.values)
        return (partitions.map(\.fetchq_cnt).max() ?? 0, partitions.map(\.fetchq_size).max() ?? 0)
    }

    /// Brokers that were ever talked to: those of the cluster, without the bootstrap addresses.
    var cluster: [Broker] { brokers.values.filter { $0.nodeid >= 0 }.sorted { $0.nodeid < $1.nodeid } }

    /// - Parameter client: what the metrics call it, such as `ingest`.
    func show(in metrics: Metrics, client: String) {
        func gauge(_ name: String, _ help: String, _ value: Double) {
            metrics.gauge("marquee_kafka_\(name)", help: help, labels: ["client": client]).set(value)
        }
        gauge("queue_messages", "Messages fetched and not read yet.", Double(queue.messages))
        gauge("queue_bytes", "Memory these messages take.", Double(queue.bytes))
        gauge("received_bytes", "Bytes received from brokers since the start.", Double(rx_bytes))
        if let cgrp {
            gauge("rebalances", "Rebalances of the group since the start.", Double(cgrp.rebalance_cnt))
        }
        for broker in cluster {
            let labels: KeyValuePairs = ["client": client, "broker": String(broker.nodeid)]
            func gauge(_ name: String, _ help: String, _ value: Double) {
                metrics.gauge("marquee_kafka_broker_\(name)", help: help, labels: labels).set(value)
            }
            gauge("up", "1 while connected to the broker.", broker.state == "UP" ? 1 : 0)
            gauge("rtt_seconds", "Mean time the broker takes to answer.", Double(broker.rtt.avg) * 1e-6)
            gauge("rtt_p99_seconds", "99th percentile of the same.", Double(broker.rtt.p99) * 1e-6)
            gauge("timeouts", "Requests not answered in time since the start.", Double(broker.req_timeouts))
            gauge("disconnects", "Connections lost since the start.", Double(broker.disconnects))
        }
    }
}
