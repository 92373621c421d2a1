import Columnar
public import Domain
public import Kafka
public import Store

/// One message that could not become a row.
public struct DeadLetter: Sendable, Equatable {
    public var topic: String
    public var partition: Int32
    public var offset: Int64
    /// When it was refused.
    public var at: Timestamp
    public var reason: String
    public var payload: [UInt8]
    public var key: [UInt8]?

    /// The reason without its explanation.
    public var reasonCode: String { String(reason.prefix { $0 != ":" }) }
}

/// Looks into a store's dead letters, and sends them again once what was wrong has been mended. All calls block.
public struct DeadLetters {
    private let table: DeltaTable

    /// - Throws: what stands in the way of reading the table, such as that there is none.
    public init(store: EventStore) throws { table = try store.open(.deadLetters) }

    /// Calls `body` with each dead letter, in the order of the table's files; it returns false to stop. Memory is
    /// bounded by a batch.
    public func forEach(reasons: Set<String> = [], _ body: (DeadLetter) throws -> Bool) throws {
        var scan = try table.snapshot().scan()
        while let batch = try scan.next() {
            typealias Name = DeadLetterColumn
            guard let topics = try batch.column(named: Name.topic).byteStrings,
                let partitions = try batch.column(named: Name.partition).int32s,
                let offsets = try batch.column(named: Name.offset).int64s,
                let times = try batch.column(named: Name.at).int64s,
                let why = try batch.column(named: Name.reason).byteStrings,
                let payloads = try batch.column(named: Name.payload).byteStrings,
                let keys = try batch.column(named: Name.key).byteStrings
            else { return }
            for row in 0..<batch.rowCount {
                let letter = DeadLetter(
                    topic: topics.string(at: row) ?? "", partition: partitions.values[row], offset: offsets.values[row],
                    at: Timestamp(microseconds: times.values[row]), reason: why.string(at: row) ?? "",
                    payload: Array(payloads.bytes[payloads.range(of: row)]),
                    key: keys.isNull(at: row) ? nil : Array(keys.bytes[keys.range(of: row)]))
                if !reasons.isEmpty, !reasons.contains(letter.reasonCode) { continue }
                guard try body(letter) else { return }
            }
        }
    }

    /// Sends what was not sent again before to the topics it came from, and waits until the cluster has it.
    ///
    /// How far each reason of each partition was sent is a progress marker of the table, so a second call sends only
    /// what came since. A crash between sending and marking sends again: at least once. What was kept as a digest alone
    /// (``RefusedForm/digest(_:)``) cannot be sent.
    /// - Parameters:
    ///   - reasons: only these reason codes; all if empty.
    ///   - observer: hears of the Kafka client.
    /// - Returns: how many were sent.
    public func replay(
        to kafka: KafkaProperties, reasons: Set<String> = [], observer: KafkaObserver = KafkaObserver()
    ) throws -> Int {
        let marks = try table.snapshot().transactions
        let producer = try KafkaProducer(properties: kafka, observer: observer)
        var reached: [String: Int64] = [:]
        var sent = 0
        try forEach(reasons: reasons) { letter in
            let appID = "replay:\(letter.reasonCode):\(letter.topic):\(letter.partition)"
            if let mark = marks[appID], letter.offset < mark { return true }
            if RefusedForm.isDigest(letter.payload) { return true }
            try letter.payload.withUnsafeBytes { payload in
                try (letter.key ?? []).withUnsafeBytes { key in
                    try producer.send(payload, key: letter.key == nil ? nil : key, topic: letter.topic)
                }
            }
            reached[appID] = max(reached[appID] ?? 0, letter.offset + 1)
            sent += 1
            return true
        }
        guard sent > 0 else { return 0 }
        try producer.flush()
        let expected: [String: Int64?] = Dictionary(uniqueKeysWithValues: reached.keys.map { ($0, marks[$0]) })
        let outcome = try table.append(
            [], transactions: reached.map { Transaction(appID: $0.key, version: $0.value) }, expecting: expected,
            operation: "REPLAY")
        if case .conflict(_, let reason) = outcome {
            throw IngestError.anotherIngester(table: TableContract.deadLetters.name, detail: reason)
        }
        return sent
    }
}
