import Columnar
import Domain
import Foundation
public import Store

/// What a store holds of a ``SteadyTraffic``, compared with what was sent.
public struct StoreTally: Sendable, CustomStringConvertible {
    public var sent: SteadyTraffic.Sent
    public var events = 0
    public var deadLetters = 0
    /// Rows of an event beyond the first: the ingester refuses those, wherever they come from.
    public var duplicates = 0
    /// Dead letters of what lay in Kafka twice, each from a place of its own: bad messages beyond the first, and events that
    /// were refused as duplicates.
    public var copies = 0
    /// Sent, and neither in the table nor in the dead letters.
    public var lost = 0
    /// Rows and dead letters of something that was never sent, and places in Kafka that gave two of them.
    public var strange = 0
    /// Commits of the table of events.
    public var commits: Int64 = 0
    /// Some of what is wrong.
    public var samples: [String] = []

    /// Whether the table and the dead letters are, together, exactly what was sent. Only where the producer itself says that
    /// it sent messages again there may be copies, at most as many.
    public var isExact: Bool {
        duplicates == 0 && lost == 0 && strange == 0 && events == sent.events && deadLetters == sent.bad + copies
            && copies <= sent.again
    }

    public var description: String {
        """
        \(sent.events) events and \(sent.bad) bad messages sent; \(events) rows and \(deadLetters) dead letters in \
        \(commits) commits; \(duplicates) duplicates, \(lost) lost, \(strange) strange, \(copies) copies of \(sent.again) \
        sent again\
        \(samples.isEmpty ? "" : ": \(samples.joined(separator: ", "))")
        """
    }

    /// Reads both tables of the store in a folder.
    public init(of store: String, sent: SteadyTraffic.Sent) throws {
        try self.init(of: EventStore(folder: store), sent: sent)
    }

    /// Reads both tables of the store.
    public init(of store: EventStore, sent: SteadyTraffic.Sent) throws {
        self.sent = sent
        commits = try store.open(.events).snapshot().version
        let rows = try Self.read("event_id", of: .events, in: store)
        let letters = try Self.read("payload", of: .deadLetters, in: store)
        let refused = try Set(
            Self.read("reason", of: .deadLetters, in: store).filter {
                $0.text.hasPrefix("duplicate-event")
            }
            .map(\.place))
        events = rows.count
        deadLetters = letters.count
        duplicates = compare(rows.map(\.text), with: (0..<sent.events).map { "e\($0)" })
        let bad = letters.filter { !refused.contains($0.place) }
        copies = compare(bad.map(\.text), with: (0..<sent.bad).map { "bad \($0)" })
        let stored = Set(rows.map(\.text))
        for letter in letters where refused.contains(letter.place) {
            if let event = letter.text.firstMatch(of: /"event_id":"([^"]*)"/), stored.contains(String(event.1)) {
                copies += 1
            } else {
                strange += 1
                note("\(letter.text) is strange")
            }
        }
        for (place, count) in Dictionary(grouping: rows + letters, by: \.place) where count.count > 1 {
            strange += 1
            note("\(place) twice")
        }
    }

    /// - Returns: how many of those expected are there once too often.
    private mutating func compare(_ found: [String], with expected: [String]) -> Int {
        var counts: [String: Int] = [:]
        var more = 0
        for text in found { counts[text, default: 0] += 1 }
        for text in expected {
            guard let count = counts.removeValue(forKey: text) else {
                lost += 1
                note("\(text) lost")
                continue
            }
            if count > 1 { note("\(text) \(count) times") }
            more += count - 1
        }
        strange += counts.count
        for text in counts.keys.prefix(3) { note("\(text) is strange") }
        return more
    }

    private mutating func note(_ text: String) { if samples.count < 10 { samples.append(text) } }

    /// The texts of one column, each with the place in Kafka that it came from.
    private static func read(
        _ column: String, of table: TableContract, in store: EventStore
    ) throws -> [(text: String, place: String)] {
        guard let table = try store.openIfPresent(table) else { return [] }
        var scan = try table.snapshot().scan(columns: [column, "topic", "partition", "offset"])
        var result: [(String, String)] = []
        while let batch = try scan.next() {
            guard let bytes = try batch.column(named: column).byteStrings,
                let topics = try batch.column(named: "topic").byteStrings,
                case .int32(let partitions) = try batch.column(named: "partition"),
                case .int64(let offsets) = try batch.column(named: "offset")
            else { continue }
            for i in 0..<bytes.count {
                let place = "\(topics.string(at: i) ?? "")[\(partitions[i] ?? -1)]@\(offsets[i] ?? -1)"
                result.append((bytes.string(at: i) ?? "", place))
            }
        }
        return result
    }
}
