package import Domain

/// Reads short ranges of many partitions once, with a client of its own that fetches little.
package enum RangeReader {
    /// Lends the messages whose offsets lie in the ranges, those of a partition in order. Not every offset of a range has one:
    /// markers of transactions, what they aborted, and what compaction or retention removed are none. Blocks.
    /// - Parameter timeout: seconds for all of them.
    /// - Throws: ``KafkaError/brokerUnreachable(servers:detail:)`` if a range was not read to its end in time; what `body`
    ///   throws.
    package static func read(
        _ ranges: [TopicPartition: Range<Int64>], properties: KafkaProperties, group: String, observer: KafkaObserver,
        timeout: Double, _ body: (KafkaMessages) throws -> Void
    ) throws {
        guard !ranges.isEmpty else { return }
        // No message beyond the ranges is wanted; what a fetch brings at least is more than enough.
        let frugal = properties.merging(
            KafkaProperties([
                "queued.min.messages": "1", "fetch.message.max.bytes": "65536", "queued.max.messages.kbytes": "1024",
            ]))
        let consumer = try KafkaConsumer(
            properties: frugal, group: group, batch: 1024, observer: KafkaObserver(log: observer.log))
        defer { consumer.close() }
        try consumer.assign(ranges.mapValues(\.lowerBound))
        var open = Set(ranges.keys)
        var trouble = "no answer"
        let end = ContinuousClock.now + .seconds(timeout)
        while !open.isEmpty {
            guard ContinuousClock.now < end else {
                throw KafkaError.brokerUnreachable(
                    servers: properties.bootstrapServers,
                    detail:
                        "the end of what was stored could not be read again from \(open.min().map { "\($0)" } ?? "") (\(trouble))"
                )
            }
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
    }
}
