import Columnar
import Domain
import EventIngest
import Foundation
import KafkaTestSupport
import Synchronization
import TestSupport
import Testing

/// `marquee ingest`, a process of its own, is killed at random instants while events keep coming: every event is in the
/// table exactly once or in the dead letters exactly once.
@Suite(.serialized) struct IngestKillTests {
    private static let kills = 25

    /// Sends events, and now and then a message that is none, until told to stop.
    private final class Producing: Sendable {
        private let isStopped = Atomic<Bool>(false)
        private let sent = Mutex((events: 0, bad: 0))
        private let failure = Mutex<(any Error)?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func start(_ properties: KafkaProperties) {
            Thread.detachNewThread { [self] in
                do { try send(properties) } catch { failure.withLock { $0 = error } }
                done.signal()
            }
        }

        private func send(_ properties: KafkaProperties) throws {
            let producer = try KafkaProducer(properties: properties.merging(KafkaProperties(["linger.ms": "5"])))
            var random = SeededGenerator(seed: 11)
            while !isStopped.load(ordering: .acquiring) {
                for _ in 0..<20 {
                    let (i, bad) = sent.withLock { $0 }
                    var bytes: [UInt8] = []
                    let kind = EventKind.allCases[i % 3]
                    // Over three days, so that a commit writes several partitions.
                    let at = Timestamp(seconds: 1_780_000_000 + Int64(random.below(3 * 86_400)))
                    EventEncoder.append(
                        Event(
                            eventID: "e\(i)", userID: "u\(i % 37)", itemID: "i\(i % 11)", kind: kind, value: 1, at: at,
                            source: "test"), to: &bytes)
                    try producer.send(bytes, key: "u\(i % 37)", topic: kind.topic)
                    if i % 50 == 0 {
                        try producer.send(Array("bad \(bad)".utf8), key: "u\(i % 37)", topic: kind.topic)
                        sent.withLock { $0.bad += 1 }
                    }
                    sent.withLock { $0.events += 1 }
                }
                Thread.sleep(forTimeInterval: 0.02)
            }
            try producer.flush()
        }

        /// What was sent, all of it acknowledged.
        func finish() async throws -> (events: Int, bad: Int) {
            isStopped.store(true, ordering: .releasing)
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { [self] in
                    done.wait()
                    continuation.resume()
                }
            }
            if let error = failure.withLock({ $0 }) { throw error }
            return sent.withLock { $0 }
        }
    }

    @Test func twentyFiveKillsNeitherLoseNorRepeatAnEvent() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(
                topics: [Topics.views: 3, Topics.likes: 2, Topics.reviews: 2, Topics.movies: 1]
            ) { broker in
                let store = folder.appending(path: "store").path
                let arguments = ["ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store]
                let producing = Producing()
                producing.start(broker.properties)
                var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
                for _ in 0..<Self.kills {
                    let process = try MarqueeProcess(arguments, in: folder)
                    // From "before it has read anything" to "after some commits".
                    try await Task.sleep(for: .milliseconds(100 + random.below(3400)))
                    process.signal(SIGKILL)
                    let result = try await process.result()
                    #expect(result.wasKilled, "\(result.errors)")
                }
                let sent = try await producing.finish()
                let last = try await MarqueeProcess.run(arguments + ["--until-end"], in: folder)
                #expect(last.status == 0, "\(last.errors)")
                try expectExactly(sent, in: store)
            }
        }
    }

    private func expectExactly(_ sent: (events: Int, bad: Int), in store: String) throws {
        let ids = try strings("event_id", of: Tables.events, in: store)
        #expect(ids.count == sent.events)
        #expect(Set(ids).count == sent.events)
        let dead = try strings("payload", of: Tables.deadLetters, in: store)
        #expect(dead.count == sent.bad)
        #expect(Set(dead) == Set((0..<sent.bad).map { "bad \($0)" }))
        // Or the kills proved nothing.
        let commits = try DeltaTable.open(at: "\(store)/\(Tables.events)").snapshot().version
        #expect(commits > 5)
    }

    private func strings(_ column: String, of table: String, in store: String) throws -> [String] {
        var scan = try DeltaTable.open(at: "\(store)/\(table)").snapshot().scan(columns: [column])
        var texts: [String] = []
        while let batch = try scan.next() {
            guard let bytes = try batch.column(named: column).byteStrings else { continue }
            texts += (0..<bytes.count).map { bytes.string(at: $0) ?? "" }
        }
        return texts
    }
}
