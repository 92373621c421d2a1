package import Domain

/// Reads short ranges of many partitions once, with a client of its own that fetches little.
package enum RangeReader {
    /// Lends the messages whose offsets lie in the ranges, those of a partition in order. Not every offset of a range has one:
    /// markers of transactions, what they aborted, and what compaction or retention removed are none. Blocks.
    /// - Parameters:
    ///   - consumer: one that ``consumer(properties:group:observer:)`` made, and that has no assignment yet.
    ///   - timeout: seconds for all of them.
    /// - Returns: the partitions whose range was not read to its end in time, and what the broker last said; nil if all were.
    /// - Throws: what `body` throws.
    package static func read(
        _ ranges: [TopicPartition: Range<Int64>], with consumer: KafkaConsumer, timeout: Double,
        unless isGivenUp: () -> Bool = { false }, _ body: (KafkaMessages) throws -> Void
    ) throws -> (places: Set<TopicPartition>, trouble: String)? {
        guard !ranges.isEmpty else { return nil }
        try consumer.assign(ranges.mapValues(\.lowerBound))
        var open = Set(ranges.keys)
        var trouble = "no answer"
        let end = ContinuousClock.now + .seconds(timeout)
        while !open.isEmpty {
            guard ContinuousClock.now < end, !isGivenUp() else { return (open, trouble) }
            try consumer.poll(timeout: 0.1) { arrival in
                switch arrival {
                case .messages(let messages):
                    guard open.contains(messages.place), let range = ranges[messages.place] else { return }
                    let first = (0..<messages.count).first { messages.offset(at: $0) >= range.lowerBound }
                    let last = (0..<messages.count).last { messages.offset(at: $0) < range.upperBound }
                    if let first, let last, first <= last { try body(messages.slice(first..<last + 1)) }
                    if messages.offset(at: messages.count - 1) >= range.upperBound - 1 { open.remove(messages.place) }
                case .endOfPartition(let place, _), .offsetOutOfRange(let place, _): open.remove(place)
                case .failure(_, let reason, _): trouble = reason
                }
            }
        }
        return nil
    }

    /// A client that fetches little: no message beyond the ranges is wanted.
    package static func consumer(
        properties: KafkaProperties, group: String, observer: KafkaObserver
    ) throws -> KafkaConsumer {
        // What a fetch brings at least is more than enough. With less than this waiting it fetches on at once: else librdkafka
        // rests for a second after each fetch, of which a broker may fill each with one small batch.
        let frugal = properties.merging(
            KafkaProperties([
                "queued.min.messages": "128", "fetch.message.max.bytes": "65536", "queued.max.messages.kbytes": "1024",
            ]))
        return try KafkaConsumer(
            properties: frugal, group: group, batch: 1024, observer: KafkaObserver(log: observer.log))
    }
}
