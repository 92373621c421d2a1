// Events as they come from Kafka, decoded, to do with as you like. Nothing is committed at the broker.
//
//     consume-events localhost:9092 COUNT

import Domain
import EventIngest
import Foundation
import Kafka
import Synchronization

/// How many events of each kind came.
final class Tally: Sendable {
    private let kinds = Mutex<[String: Int]>([:])

    /// - Returns: how many came so far.
    func add(_ events: [Event]) -> Int {
        kinds.withLock { kinds in
            for event in events { kinds[event.kind.name, default: 0] += 1 }
            return kinds.values.reduce(0, +)
        }
    }

    var lines: [String] { kinds.withLock { $0 }.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } }
}

@main
enum ConsumeEvents {
    static func main() async {
        let words = CommandLine.arguments
        guard words.count == 3, let wanted = Int(words[2]), wanted > 0 else {
            print("usage: consume-events BOOTSTRAP_SERVERS COUNT")
            exit(64)
        }
        let tally = Tally()
        // From the oldest message there is; `.end` hears only what is new. Broken messages are skipped and counted.
        let feed = KafkaEventFeed(properties: KafkaProperties(bootstrapServers: words[1]), start: .beginning)
        // A feed runs until its task is cancelled, which this one does itself when enough has come.
        let listening = Task {
            try await feed.run { events in
                // Delivery is at least once: who must not count twice drops an `eventID` that it has seen.
                if tally.add(events) >= wanted { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        do {
            try await listening.value
        } catch is CancellationError {
            // Enough has come.
        } catch {
            // Every error of the rooms is a Fault: it says what is wrong and what to do.
            print("consume-events: \(error)")
            exit(69)
        }
        for line in tally.lines { print(line) }
    }
}
