public import Domain

/// Where a table goes on in each partition, as the progress markers of its newest version say.
public struct StoredOffsets: Sendable, Equatable {
    private let markers: [String: Int64]
    private let cluster: String?

    /// - Parameters:
    ///   - markers: `Snapshot.transactions` of the table.
    ///   - cluster: stands for the cluster's own identifier, as in ``IngestConfiguration/cluster``.
    public init(_ markers: [String: Int64], cluster: String? = nil) {
        self.markers = markers
        self.cluster = cluster
    }

    /// Under which a table keeps the offset of a partition.
    static func marker(of place: TopicPartition, in cluster: String) -> String {
        "kafka:\(cluster):\(place.topic):\(place.partition)"
    }

    /// Where the table goes on in each partition of each cluster that it has rows of, in their order.
    public var all: [(cluster: String, place: TopicPartition, offset: Int64)] {
        markers.compactMap { marker, offset in
            // A cluster's name may have colons; a topic's has none.
            let parts = marker.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 4, parts[0] == "kafka", let partition = Int32(parts[parts.count - 1]) else {
                return nil
            }
            let place = TopicPartition(String(parts[parts.count - 2]), partition)
            return (parts[1..<(parts.count - 2)].joined(separator: ":"), place, offset)
        }.sorted { ($0.cluster, $0.place) < ($1.cluster, $1.place) }
    }

    /// The offset at which the table goes on; nil where nothing of the partition was stored.
    /// - Parameter id: the identifier of the cluster that is read.
    func offset(of place: TopicPartition, in id: String) -> Int64? {
        markers[Self.marker(of: place, in: cluster ?? id)]
    }
}
