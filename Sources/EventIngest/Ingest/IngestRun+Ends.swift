import Domain
import Foundation
import Kafka

/// What the broker has of each partition, asked again where the answer cannot be relied on yet.
extension IngestRun {
    /// The offsets that the broker has of `places`, in their order.
    ///
    /// A broker that stood still (a paused machine, a frozen process) answers for a moment, as it wakes, as the leader that
    /// it was: with a log that ends before what its successor has given us since. So where the end lies before what is
    /// stored, the cluster is asked again for up to ``IngestConfiguration/shorterLogPatience``, and only a log that stays
    /// shorter counts as shorter.
    /// - Parameters:
    ///   - stored: how far the table of a partition is; nil if it has nothing of it.
    ///   - patience: seconds for the first answer.
    /// - Throws: a `KafkaError` where the first answer does not come.
    func ends(
        of places: [TopicPartition], stored: (TopicPartition) -> Int64?, patience: Double
    ) throws -> [Range<Int64>] {
        var ends = try consumer.watermarks(of: places, timeout: patience)
        let deadline = clock.now + .seconds(configuration.shorterLogPatience)
        while true {
            let shorter = places.indices.filter { (stored(places[$0]) ?? 0) > ends[$0].upperBound }
            guard !shorter.isEmpty, clock.now < deadline else { return ends }
            Thread.sleep(forTimeInterval: 0.2)
            // Nobody may answer just now; what was answered before stands until then.
            guard let again = try? consumer.watermarks(of: shorter.map { places[$0] }, timeout: 2) else { continue }
            for (index, available) in zip(shorter, again) { ends[index] = available }
        }
    }

    /// Notes what every partition has now. A member of a group has some of them, and others may come to it.
    func noteGroupTargets(of topics: [String]) throws {
        let places = try consumer.partitions(of: topics, timeout: configuration.patience)
        for (place, available) in zip(places, try consumer.watermarks(of: places, timeout: configuration.patience))
        where !available.isEmpty { groupTargets[place] = available.upperBound }
    }

    /// Whether the tables have what there was of every partition at the start, whoever stored it.
    ///
    /// A member that has read its own partitions stays until then: those of a member that leaves, or that are on their way from
    /// one to another while the group changes, may be given to it.
    func groupIsAtTarget() throws -> Bool {
        guard !groupTargets.isEmpty else { return true }
        guard clock.now - lookedAtGroup > .milliseconds(300) else { return false }
        lookedAtGroup = clock.now
        // Others wait for what this one has in hand.
        try commitAll()
        let offsets = try writer.offsets().routes
        groupTargets = groupTargets.filter { place, target in
            guard let route = routeOfTopic[place.topic] else { return false }
            return (offsets[route][appID(of: place)] ?? 0) < target
        }
        return groupTargets.isEmpty && ledger.isAtTarget
    }

    /// How far the table of a partition is, by `offsets` of each route; nil also where its log is known to be another one,
    /// whose length says nothing about what was stored.
    func stored(of place: TopicPartition, _ offsets: [[String: Int64]]) -> Int64? {
        guard foundOther[place] == nil, let route = routeOfTopic[place.topic] else { return nil }
        return offsets[route][appID(of: place)]
    }
}
