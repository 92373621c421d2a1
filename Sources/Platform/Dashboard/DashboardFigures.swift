internal import Dashboard
internal import Domain
internal import HTTPServer
internal import Operations
internal import Synchronization

/// What the live stream tells of the process: its metrics, for people.
final class DashboardFigures: Sendable {
    private let watched: [ServiceStatus]
    /// The requests' times when they were last looked at, for those since: once a second, of the last ten.
    private let window = Mutex(LatencyWindow())

    /// - Parameter watched: the services whose troubles are told.
    init(watching watched: [ServiceStatus]) { self.watched = watched }

    /// Members of each frame of the stream.
    var parts: [LivePart] {
        [
            LivePart("figures", .any) { [self] in figures() },
            LivePart("degraded", .any) { [self] in degraded() },
        ]
    }

    private func degraded() -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.array {
            for status in watched {
                for one in status.impairments() {
                    $0.object {
                        $0.field("part", one.part)
                        $0.field("reason", one.reason)
                    }
                }
            }
        }
        return json.bytes
    }

    private func figures() -> [UInt8] {
        for status in watched { status.refresh() }
        let requests = RequestFigures()
        let recent = window.withLock { $0.advance(to: requests.counts) }
        var json = JSONWriter(capacity: 2048)
        json.object {
            $0.name("events")
            $0.object {
                for (labels, value) in Self.counters("marquee_events_heard_total") {
                    $0.name(text: labels["kind"] ?? "")
                    $0.value(Int(value))
                }
            }
            $0.name("requests")
            $0.object {
                $0.field("answered", requests.answered)
                $0.field("failed", requests.failed)
                for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                    $0.name(text: name)
                    Self.write(requests.histogram?.quantile(share, of: recent), &$0)
                }
            }
            $0.name("model")
            if let model = watched.flatMap({ $0.facts() }).first(where: { $0.name == "model" }) {
                $0.value(json: model.json)
            } else {
                $0.null()
            }
            $0.field("memory_bytes", ResidentMemory.now)
            $0.field("connections", Self.gauge("marquee_http_connections").map { Int($0) } ?? 0)
            $0.name("ingest")
            Self.ingest(&$0)
            $0.name("routes")
            $0.array { for route in requests.routes { Self.route(route, &$0) } }
        }
        return json.bytes
    }

    private static func route(_ route: RequestFigures.Route, _ json: inout JSONWriter) {
        json.object {
            $0.field("route", route.pattern)
            $0.field("count", route.count)
            $0.field("failed", route.failed)
            $0.name("p50")
            write(route.p50, &$0)
            $0.name("p99")
            write(route.p99, &$0)
        }
    }

    private static func write(_ number: Double?, _ json: inout JSONWriter) {
        if let number { json.value(number) } else { json.null() }
    }

    /// Of the ingester in this process; null if there is none.
    private static func ingest(_ json: inout JSONWriter) {
        guard let lag = gauge("marquee_ingest_lag") else { return json.null() }
        json.object {
            $0.field("rows", Int(counters("marquee_ingest_rows_total").reduce(0) { $0 + $1.value }))
            $0.field("commits", Int(counters("marquee_ingest_commits_total").reduce(0) { $0 + $1.value }))
            $0.name("lag")
            if lag.isFinite { $0.value(Int(lag)) } else { $0.null() }
            let commits = Metrics.shared.readings(of: "marquee_ingest_commit_seconds")
            var slowest: Double?
            for case (_, .histogram(let histogram)) in commits {
                slowest = max(slowest ?? 0, histogram.quantile(0.99, of: histogram.snapshot.counts) ?? 0)
            }
            $0.name("commit_seconds_p99")
            write(slowest, &$0)
            $0.name("partitions")
            $0.array {
                for case (let labels, .gauge(let behind)) in Metrics.shared.readings(of: "marquee_ingest_partition_lag")
                    .sorted(by: { Self.place($0.labels) < Self.place($1.labels) })
                {
                    $0.object {
                        $0.field("topic", labels["topic"] ?? "")
                        $0.field("partition", labels["partition"] ?? "")
                        $0.name("lag")
                        if behind.isFinite { $0.value(Int(behind)) } else { $0.null() }
                    }
                }
            }
            $0.name("dead_letters")
            $0.array {
                for (labels, count) in counters("marquee_ingest_rejected_total") where count > 0 {
                    $0.object {
                        $0.field("reason", labels["reason"] ?? "")
                        $0.field("count", Int(count))
                    }
                }
            }
        }
    }

    private static func place(_ labels: [String: String]) -> (String, Int) {
        (labels["topic"] ?? "", labels["partition"].flatMap { Int($0) } ?? 0)
    }

    private static func counters(_ name: String) -> [(labels: [String: String], value: UInt64)] {
        Metrics.shared.readings(of: name).compactMap { labels, reading in
            if case .counter(let count) = reading { (labels, count) } else { nil }
        }.sorted { "\($0.labels.sorted { $0.key < $1.key })" < "\($1.labels.sorted { $0.key < $1.key })" }
    }

    private static func gauge(_ name: String) -> Double? {
        guard case (_, .gauge(let value))? = Metrics.shared.readings(of: name).first else { return nil }
        return value
    }
}
