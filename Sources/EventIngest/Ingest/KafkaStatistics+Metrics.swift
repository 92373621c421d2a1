import Kafka
import Operations

extension KafkaStatistics {
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
