import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import Store

// One measured job a run; prints one JSON object. Benchmarks/ingest/bench.py runs them beside their peers.
//   bench-ingest simulate COUNT                    make and encode events, without Kafka
//   bench-ingest decode COUNT                      decode encoded events, on one core
//   bench-ingest store COUNT TABLE COMMITS         the same decoded columns committed again and again, without Kafka
//   bench-ingest decode-avro COUNT [FILE]          the same in Avro; also written to FILE, each after its length
//   bench-ingest messages COUNT FILE               the messages of fill, for bare_producer.c, which says in which form
//   bench-ingest fill BOOTSTRAP COUNT [NAME=VALUE…]    make the topics, simulate and send
//   bench-ingest publish BOOTSTRAP COUNT CALLERS [NAME=VALUE…]  events one by one as the REST API sends them, each waited for
//   bench-ingest columns BOOTSTRAP [NAME=VALUE…]   Kafka to decoded columns, which are dropped, until the end
//   bench-ingest ingest BOOTSTRAP STORE [NAME=VALUE…]  Kafka to committed tables, until the end
//   bench-ingest mock COUNT [MILLISECONDS]         an embedded broker filled with events, until its input ends; from then on it
//                                                  answers after MILLISECONDS, as one that is far away does

let words = CommandLine.arguments.dropFirst()
let job = words.first ?? ""
let values = Array(words.dropFirst())

func films() -> [Movie] {
    let genres = ["Drama", "Comedy", "Crime", "Horror", "Animation", "Western"]
    return (0..<2000).map { i in
        Movie(
            itemID: "\(1000 + i)", title: "Film \(i)", year: Int32(1950 + i % 75),
            genres: [genres[i % 6], genres[(i / 6 + i) % 6]], runtime: 100)
    }
}

func simulator(_ count: Int) throws -> Simulator {
    try Simulator(
        catalog: films(), settings: .history(weeks: 8, until: Timestamp(seconds: 1_790_000_000), count: count))
}

func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func measure(_ body: () async throws -> Int) async throws {
    let start = ContinuousClock.now
    let cpu = cpuSeconds()
    let events = try await body()
    let elapsed = ContinuousClock.now - start
    let seconds = elapsed.inSeconds
    print("{\"events\": \(events), \"seconds\": \(seconds), \"cpu\": \(cpuSeconds() - cpu)}")
}

/// Makes messages, a session at a time.
func simulate(_ count: Int, _ body: (SimulatedMessage, inout Scribe) -> Void) throws {
    var source = try simulator(count)
    var scribe = source.scribe
    var messages: [SimulatedMessage] = []
    while source.nextSession(into: &messages) {
        for message in messages { body(message, &scribe) }
        messages.removeAll(keepingCapacity: true)
    }
}

/// Encoded events end to end, and where each begins.
func encoded(_ count: Int, _ encoding: EventEncoding = .json) throws -> (bytes: [UInt8], starts: [Int]) {
    var bytes: [UInt8] = []
    var starts = [0]
    try simulate(count) { message, scribe in
        scribe.append(message, to: &bytes, in: encoding)
        starts.append(bytes.count)
    }
    return (bytes, starts)
}

/// With librdkafka's properties from the command line.
func kafka(_ servers: String, _ pairs: ArraySlice<String>) -> KafkaProperties {
    var properties = KafkaProperties(bootstrapServers: servers)
    for pair in pairs {
        let parts = pair.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { properties[String(parts[0])] = String(parts[1]) }
    }
    return properties
}

func move(_ rows: inout [EventRow], to columns: inout EventColumns) {
    columns.append(rows)
    rows.removeAll(keepingCapacity: true)
}

/// Decoded in the order of a catch-up: of twelve partitions in turns, ten thousand messages each.
func asRead(_ messages: (bytes: [UInt8], starts: [Int])) throws -> RecordBatch {
    let count = messages.starts.count - 1
    var order: [Int] = []
    let (stretch, partitions) = (10_000, 12)
    for start in stride(from: 0, to: count, by: stretch * partitions) {
        let end = min(start + stretch * partitions, count)
        for partition in 0..<partitions { order += stride(from: start + partition, to: end, by: partitions) }
    }
    let decoder = EventDecoder()
    let now = Timestamp(seconds: 1_790_000_000)
    let topic = Array(Topics.views.utf8)
    var columns = EventColumns()
    messages.bytes.withUnsafeBytes { bytes in
        topic.withUnsafeBufferPointer { topic in
            var rows: [EventRow] = []
            for i in order {
                let message = UnsafeRawBufferPointer(rebasing: bytes[messages.starts[i]..<messages.starts[i + 1]])
                guard let fields = try? decoder.decode(message, latest: now) else { continue }
                rows.append(EventRow(fields: fields, offset: Int64(i), position: i))
                if rows.count == 128 || decoder.lendsScratch { move(&rows, to: &columns) }
            }
            move(&rows, to: &columns)
            columns.endRun(topic: topic, partition: 0, ingestedAt: now)
        }
    }
    return try columns.batch()
}

func fill(_ properties: KafkaProperties, _ count: Int) async throws -> Int {
    try await SimulatorRun(simulator: try simulator(count), properties: properties).run().progress.acknowledged
}

/// Publishes events one at a time, `callers` at the same time.
func publish(_ publisher: KafkaEventPublisher, _ count: Int, by callers: Int) async throws -> Int {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<callers {
            group.addTask {
                for i in 0..<count / callers {
                    try await publisher.publish([
                        Event(
                            eventID: "\(caller)-\(i)", userID: "u\(i % 1000)", itemID: "1", kind: .view, value: 1,
                            at: Timestamp(seconds: 1_790_000_000), source: "bench")
                    ])
                }
            }
        }
        try await group.waitForAll()
    }
    return count / callers * callers
}

/// Stores nothing: what reading and decoding cost alone.
final class DroppingSink: EventSink {
    let name: String
    private var version: Int64 = 0

    init(name: String) { self.name = name }

    func offsets() -> [String: Int64] { [:] }

    func storedOffsets(of place: TopicPartition, in range: Range<Int64>) -> Set<Int64> { [] }

    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance]) -> SinkOutcome {
        version += 1
        return .committed(version: version)
    }
}

switch (job, values.count) {
case ("simulate", 1):
    try await measure {
        var (made, bytes): (Int, [UInt8]) = (0, [])
        try simulate(Int(values[0])!) { message, scribe in
            bytes.removeAll(keepingCapacity: true)
            scribe.append(message, to: &bytes, in: .json)
            made += 1
        }
        return made
    }
case ("decode", 1):
    let (bytes, starts) = try encoded(Int(values[0])!)
    let decoder = EventDecoder()
    let now = Timestamp(seconds: 1_790_000_000)
    let topic = Array(Topics.views.utf8)
    try await measure {
        var columns = EventColumns()
        bytes.withUnsafeBytes { bytes in
            topic.withUnsafeBufferPointer { topic in
                var rows: [EventRow] = []
                for i in 1..<starts.count {
                    let message = UnsafeRawBufferPointer(rebasing: bytes[starts[i - 1]..<starts[i]])
                    guard let fields = try? decoder.decode(message, latest: now) else { continue }
                    rows.append(EventRow(fields: fields, offset: Int64(i), position: i))
                    if rows.count == 128 || decoder.lendsScratch { move(&rows, to: &columns) }
                }
                move(&rows, to: &columns)
                columns.endRun(topic: topic, partition: 0, ingestedAt: now)
            }
        }
        return columns.count
    }
case ("store", 3):
    let batch = try asRead(try encoded(Int(values[0])!))
    let table = try DeltaTable.openOrCreate(
        at: values[1], schema: TableContract.events.schema, partitionedBy: TableContract.events.partitionColumns,
        configuration: TableContract.events.properties)
    try await measure {
        for _ in 0..<Int(values[2])! {
            _ = try table.append([batch], transactions: [], operation: "STREAMING UPDATE")
        }
        return batch.rowCount * Int(values[2])!
    }
case ("decode-avro", 1...2):
    let (bytes, starts) = try encoded(Int(values[0])!, .avro(schemaID: 1))
    var file: [UInt8] = []
    for i in 1..<starts.count where values.count == 2 {
        withUnsafeBytes(of: UInt32(starts[i] - starts[i - 1])) { file += $0 }
        file += bytes[starts[i - 1]..<starts[i]]
    }
    if values.count == 2 {
        try Data(file).write(to: URL(filePath: values[1]))
        try Data(AvroEventEncoder.schema.utf8).write(to: URL(filePath: values[1] + ".avsc"))
    }
    let decoder = AvroEventDecoder(schemas: EventSchemas(texts: [1: AvroEventEncoder.schema]))
    let now = Timestamp(seconds: 1_790_000_000)
    let topic = Array(Topics.views.utf8)
    try await measure {
        var columns = EventColumns()
        try bytes.withUnsafeBytes { bytes in
            try topic.withUnsafeBufferPointer { topic in
                var rows: [EventRow] = []
                var i = 1
                while i < starts.count {
                    let message = UnsafeRawBufferPointer(rebasing: bytes[starts[i - 1]..<starts[i]])
                    do throws(RejectReason) {
                        let fields = try decoder.decode(message, latest: now)
                        rows.append(EventRow(fields: fields, offset: Int64(i), position: i))
                        if rows.count == 128 { move(&rows, to: &columns) }
                    } catch {
                        // The first message brings its schema.
                        if try decoder.mayRetry(after: error) { continue }
                    }
                    i += 1
                }
                move(&rows, to: &columns)
                columns.endRun(topic: topic, partition: 0, ingestedAt: now)
            }
        }
        return columns.count
    }
case ("messages", 2):
    var file: [UInt8] = []
    try simulate(Int(values[0])!) { message, scribe in
        let user = scribe.event(of: message).userID.utf8
        file.append(message.kind.rawValue)
        withUnsafeBytes(of: UInt32(user.count)) { file += $0 }
        let length = file.count
        file += [0, 0, 0, 0] + Array(user)
        let start = file.count
        scribe.append(message, to: &file, in: .json)
        withUnsafeBytes(of: UInt32(file.count - start)) { file.replaceSubrange(length..<length + 4, with: $0) }
    }
    try Data(file).write(to: URL(filePath: values[1]))
case ("fill", 2...):
    let properties = kafka(values[0], values[2...])
    let setup = try KafkaConsumer(properties: properties, group: "setup")
    try setup.create(topics: Topics.events, partitions: 4)
    try await measure { try await fill(properties, Int(values[1])!) }
case ("publish", 3...):
    let publisher = try KafkaEventPublisher(properties: kafka(values[0], values[3...]))
    try await measure { try await publish(publisher, Int(values[1])!, by: Int(values[2])!) }
case ("mock", 1...2):
    let broker = try EmbeddedBroker()
    // A partition of it forgets beyond 5 MiB.
    for topic in Topics.events { try broker.createTopic(topic, partitions: 64) }
    let properties = KafkaProperties(bootstrapServers: broker.bootstrapServers)
    _ = try await fill(properties, Int(values[0])!)
    if values.count == 2 { broker.setRoundTrip(of: 1, milliseconds: Int(values[1])!) }
    FileHandle.standardOutput.write(Data("bootstrap.servers=\(broker.bootstrapServers)\n".utf8))
    while readLine() != nil {}
    withExtendedLifetime(broker) {}
case ("columns", 1...):
    var configuration = IngestConfiguration(
        store: EventStore(folder: ""), kafka: kafka(values[0], values[1...]), routes: [EventTable.route()])
    configuration.untilEnd = true
    let ingester = Ingester(configuration) { DroppingSink(name: $0.name) }
    try await measure { try await ingester.run().rows }
case ("ingest", 2...):
    var configuration = IngestConfiguration(
        store: EventStore(folder: values[1]), kafka: kafka(values[0], values[2...]),
        routes: [EventTable.route(duplicates: DuplicatePolicy(store: EventStore(folder: values[1])))])
    configuration.untilEnd = true
    let ingester = Ingester(configuration)
    try await measure { try await ingester.run().rows }
default:
    FileHandle.standardError.write(Data("usage: see the top of main.swift\n".utf8))
    exit(64)
}
