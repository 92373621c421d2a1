public import Domain
public import EventIngest
public import Kafka
public import Operations

extension EventImport {
    /// Sends the films and then the ratings to their topics, and waits until the cluster has them. Blocks.
    /// - Parameters:
    ///   - encoding: how the messages of events are written.
    ///   - group: the consumers to wait for when they fall behind.
    ///   - summary: gets what was taken and what was not, also if this throws.
    ///   - onProgress: bytes read so far, of the import's `byteCount`.
    /// - Throws: `IngestError.emptyImport` if none of it is an event; what reading the data set or sending throws;
    ///   `CancellationError`.
    public func publish(
        _ properties: KafkaProperties, _ encoding: EventEncoding = .json, following group: String?,
        into summary: inout ImportSummary, _ flag: CancellationFlag, onProgress: (Int) -> Void = { _ in }
    ) throws {
        try FilmTopic.publish(movies(into: &summary), properties, flag)
        try publishRatings(properties, encoding, following: group, into: &summary, flag, onProgress: onProgress)
        if summary.acceptedEvents == 0 {
            throw IngestError.emptyImport(path: path, cause: summary.likelyCause)
        }
    }

    /// Sends the ratings to their topics and waits until the cluster has them.
    /// - Parameters:
    ///   - encoding: how the messages are written.
    ///   - group: the consumers to wait for when they fall behind.
    ///   - known: event identifiers that are not sent.
    ///   - onProgress: bytes so far of which the ratings were sent, of the import's `byteCount`.
    /// - Returns: how many were sent.
    @discardableResult
    public func publishRatings(
        _ properties: KafkaProperties, _ encoding: EventEncoding = .json, following group: String?,
        without known: Set<ExactText> = [],
        into summary: inout ImportSummary, _ flag: CancellationFlag, onProgress: (Int) -> Void = { _ in }
    ) throws -> Int {
        let producer = try KafkaProducer(
            properties: KafkaProperties(["queue.buffering.max.messages": "5000"]).merging(properties),
            observer: .logging)
        let follower = try group.map {
            try LagFollower(properties: properties, group: $0, topics: Topics.events, limit: 6000)
        }
        var bytes: [UInt8] = []
        var sent = 0
        var before = 0
        // So many at a time are put into the order of their times.
        try forEachBatch(of: 500_000, into: &summary) { batch, read in
            for (place, event) in batch.sorted(by: { $0.at < $1.at }).enumerated()
            where !known.contains(ExactText(event.eventID)) {
                bytes.removeAll(keepingCapacity: true)
                encoding.append(event, to: &bytes)
                try producer.send(bytes, key: event.userID, topic: event.kind.topic)
                sent += 1
                guard sent % 2000 == 0 else { continue }
                try flag.check()
                try follower?.wait { flag.isSet }
                onProgress(before + Int(Double(read - before) * Double(place + 1) / Double(batch.count)))
            }
            onProgress(read)
            before = read
            return true
        }
        try flag.check()
        try producer.flush()
        return sent
    }
}
