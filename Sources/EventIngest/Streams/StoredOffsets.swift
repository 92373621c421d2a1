import Domain

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

    /// The offset at which the table goes on; nil where nothing of the partition was stored.
    /// - Parameter id: the identifier of the cluster that is read.
    func offset(of place: TopicPartition, in id: String) -> Int64? {
        markers[Self.marker(of: place, in: cluster ?? id)]
    }
}
