import Domain
import Foundation
import Kafka

/// Whether the logs are still those that the tables were filled from, and still give what they have.
extension IngestRun {
    func isOther(_ verdict: LogIdentity.Verdict?) -> Bool {
        if case .other = verdict { true } else { false }
    }

    /// Compares the ends of what is stored with the logs.
    /// - Parameters:
    ///   - known: the offsets of each route's table.
    ///   - limits: where it is to be compared instead, if that is lower.
    func verdicts(
        on places: [TopicPartition], _ ends: [Range<Int64>], known: [[String: Int64]],
        atMost limits: [TopicPartition: Int64] = [:]
    ) throws -> [TopicPartition: LogIdentity.Verdict] {
        let claims = zip(places, ends).compactMap { place, available -> LogIdentity.Claim? in
            guard let route = routeOfTopic[place.topic], let stored = known[route][appID(of: place)], stored > 0
            else { return nil }
            return LogIdentity.Claim(
                place: place, route: route, stored: min(stored, limits[place] ?? stored), available: available)
        }
        let identity = LogIdentity(routes: configuration.routes, writer: writer) {
            [configuration, hooks] ranges, body in
            try RangeReader.read(
                ranges, properties: configuration.kafka, group: configuration.group, observer: hooks.kafka,
                timeout: configuration.patience, body)
        }
        return try identity.verdicts(on: claims)
    }

    /// Looks at the partitions whose log ended before our offset, or may be another one.
    /// - Returns: false while that is not known of one of them: then nothing may be committed.
    func lookAgain() throws -> Bool {
        suspects.formUnion(watch.takeSuspects())
        let missing = watch.view.missingTopics
        if !missing.isEmpty {
            // What comes of such a topic is of another log: see `take`.
            unavailable.formUnion(ledger.places.filter { missing.contains($0.topic) })
            progress.missingTopics = missing
        }
        suspects.formUnion(unavailable)
        suspects = suspects.filter { ledger[$0] != nil && !missing.contains($0.topic) }
        if suspects.isEmpty { return true }
        // Nobody answers; or it was tried a moment ago.
        if watch.view.outage != nil || clock.now - lookedAgain < .milliseconds(500) { return false }
        lookedAgain = clock.now
        try settle()
        do {
            try compareSuspects()
        } catch let error as KafkaError where error.category == .unavailable {
            progress.trouble = error.message
        }
        return suspects.isEmpty
    }

    private func compareSuspects() throws {
        for topic in Set(suspects.map(\.topic)) {
            if try consumer.partitionCount(of: topic, timeout: 5) == nil {
                // It is looked at when it is back, see ``ClusterWatch/takeSuspects()``.
                suspects = suspects.filter { $0.topic != topic }
            } else {
                try lookForLostPartitions(of: topic)
            }
        }
        let places = suspects.filter { ledger[$0] != nil }.sorted()
        let ends = try consumer.watermarks(of: places, timeout: 5)
        let verdicts = try verdicts(on: places, ends, known: writer.offsets().routes, atMost: trusted.offsets)
        var lost: [TopicPartition] = []
        var mayBeMixed = false
        for (place, available) in zip(places, ends) {
            guard let state = ledger[place] else { continue }
            // What was read ended before a shorter log; a longer one may have gone on with it unnoticed.
            if case .other(let offset) = verdicts[place] {
                foundOther[place] = offset
                if available.upperBound >= state.next { mayBeMixed = true }
            }
            if isOther(verdicts[place]) || state.next < available.lowerBound || state.next > available.upperBound {
                lost.append(place)
            }
        }
        suspects = []
        if mayBeMixed { return try dropPending() }
        let again = unavailable.intersection(places)
        unavailable.subtract(places)
        if !lost.isEmpty {
            try commitAll()
            try begin(with: lost)
        }
        let next = ledger.nextOffsets
        let restarted = again.union(lost)
        try consumer.restart(next.filter { restarted.contains($0.key) }, among: next)
    }

    /// Partitions that the table has offsets of and the topic has not.
    /// - Throws: ``IngestError/partitionsLost(topic:stored:available:)`` unless the policy is to continue.
    func lookForLostPartitions(of topic: String) throws {
        guard let route = routeOfTopic[topic],
            let count = try consumer.partitionCount(of: topic, timeout: configuration.patience)
        else { return }
        let start = appID(of: TopicPartition(topic, 0)).dropLast()
        let lost = try writer.offsets().routes[route].compactMap { appID, stored -> (Int32, Int64)? in
            guard stored > 0, appID.hasPrefix(start), let partition = Int32(appID.dropFirst(start.count)),
                partition >= count
            else { return nil }
            return (partition, stored)
        }.sorted { $0.0 < $1.0 }
        guard let last = lost.last else { return }
        let loss = IngestError.partitionsLost(topic: topic, stored: Int(last.0) + 1, available: count)
        guard configuration.onDataLoss == .continue else { throw loss }
        progress.skipped.append(loss.message)
        ledger.release(lost.map { TopicPartition(topic, $0.0) })
        // So that it is said once: of these partitions nothing is stored any more.
        let steps = lost.map { partition, stored in
            let place = TopicPartition(topic, partition)
            return (place: place, advance: OffsetAdvance(appID: appID(of: place), from: stored, to: 0))
        }
        writer.begin(SealedBatch(parts: [.init(route: route, batches: [], steps: steps)]))
        try settle()
    }

    /// Partitions that the broker has messages of and that give none.
    /// - Throws: ``IngestError/partitionStalled(topic:partition:next:end:seconds:)``,
    ///   ``KafkaError/topicMissing(topic:)`` where the end of a topic is waited for that is gone.
    func lookForStalls(after seconds: Double) throws {
        let view = watch.view
        guard view.outage == nil else { return }
        if configuration.untilEnd, let topic = view.missingTopics.min() { throw KafkaError.topicMissing(topic: topic) }
        var behind: [TopicPartition: Int64] = [:]
        for (place, state) in ledger.states {
            if let end = view.ends[place], end > state.next { behind[place] = state.next }
        }
        for finding in stalls.look(at: behind, after: seconds, limit: configuration.stallLimit) {
            switch finding {
            case .beginAnew(let place):
                guard let next = behind[place] else { continue }
                progress.trouble = "\(place) has messages and gives none; its fetching is begun anew"
                try consumer.restart([place: next], among: ledger.nextOffsets)
            case .stalled(let place):
                throw IngestError.partitionStalled(
                    topic: place.topic, partition: place.partition, next: behind[place] ?? 0,
                    end: view.ends[place] ?? 0, seconds: configuration.stallLimit)
            }
        }
        progress.stalledPartitions = stalls.count
    }

    /// What open transactions hold back at the end of a run: the broker has more than may be read.
    func noteHeldBack() {
        let places = ledger.places
        // What there is at all first, or messages that come meanwhile would look like held back.
        let uncommitted = configuration.kafka.merging(KafkaProperties(["isolation.level": "read_uncommitted"]))
        guard !places.isEmpty,
            let all = try? KafkaConsumer(
                properties: uncommitted, group: configuration.group, observer: KafkaObserver(log: hooks.kafka.log)
            ).watermarks(of: places, timeout: 5),
            let readable = try? consumer.watermarks(of: places, timeout: 5)
        else { return }
        for (place, (all, readable)) in zip(places, zip(all, readable)) where all.upperBound > readable.upperBound {
            progress.heldBack[place] = readable.upperBound..<all.upperBound
        }
    }
}
