internal import Columnar
public import Domain
internal import Foundation
public import Store

/// What came into a store in a stretch of time, in figures.
public struct IncomingData: Sendable, Hashable {
    /// A figure that something may be expected of.
    public enum Figure: String, Sendable, CaseIterable {
        /// Events that were stored.
        case events
        /// Messages of events that were refused.
        case rejects
        /// Refused ones among all.
        case rejectShare = "reject_share"
        /// Events in which something that every event has is null or empty, among those stored.
        case nullShare = "null_share"
        /// Events that were stored later than that after they happened, among those stored.
        case lateShare = "late_share"
        /// Views among the events stored; likewise the next two.
        case viewShare = "view_share"
        case likeShare = "like_share"
        case reviewShare = "review_share"
        /// Users who did something.
        case users
        /// Events, compared with the mean of the seven stretches before, as far back as there are any.
        case volumeRatio = "volume_ratio"
    }

    /// From when, and until when it was stored.
    public var from: Timestamp
    public var until: Timestamp
    /// A figure that cannot be told, such as a share of nothing, is not there.
    public var values: [Figure: Double] = [:]
    /// Refused messages by the code of their reason.
    public var rejects: [String: Int] = [:]

    /// Reads what was stored in the stretch before `now`. Blocks; memory is that of the users' identifiers.
    /// - Throws: what stands in the way of reading the tables. Tables that are not there have nothing.
    public init(of store: EventStore, _ expectations: Expectations, now: Timestamp = .now) throws {
        until = now
        from = now.advanced(bySeconds: -expectations.window)
        var counts = Counts()
        if let snapshot = try store.openIfPresent(.events)?.snapshot() {
            try counts.read(snapshot, from: from, until: until, lateAfter: expectations.lateAfter)
            values[.volumeRatio] = try Self.ratio(counts.events, in: snapshot, before: from, expectations.window)
        }
        if let snapshot = try store.openIfPresent(.deadLetters)?.snapshot() {
            rejects = try Self.rejects(snapshot, from: from, until: until)
        }
        let refused = rejects.values.reduce(0, +)
        values[.events] = Double(counts.events)
        values[.users] = Double(counts.users.count)
        values[.rejects] = Double(refused)
        if counts.events + refused > 0 { values[.rejectShare] = Double(refused) / Double(counts.events + refused) }
        guard counts.events > 0 else { return }
        let all = Double(counts.events)
        values[.nullShare] = Double(counts.incomplete) / all
        values[.lateShare] = Double(counts.late) / all
        for (figure, kind) in [(Figure.viewShare, EventKind.view), (.likeShare, .like), (.reviewShare, .review)] {
            values[figure] = Double(counts.kinds[kind.name] ?? 0) / all
        }
    }

    private struct Counts {
        var events = 0
        var late = 0
        var incomplete = 0
        var kinds: [String: Int] = [:]
        var users: Set<Int> = []

        mutating func read(
            _ snapshot: Snapshot, from: Timestamp, until: Timestamp, lateAfter: Double
        ) throws {
            let texts = [
                EventColumn.eventID, EventColumn.userID, EventColumn.itemID, EventColumn.kind, EventColumn.source,
            ]
            var scan = try snapshot.scan(
                columns: texts + [EventColumn.at, EventColumn.ingestedAt, EventColumn.value],
                where: IncomingData.stored(from, until))
            let limit = Int64(lateAfter * 1e6)
            while let batch = try scan.next() {
                let columns = try texts.compactMap { try batch.column(named: $0).byteStrings }
                guard columns.count == texts.count, let times = try batch.column(named: EventColumn.at).int64s,
                    let stored = try batch.column(named: EventColumn.ingestedAt).int64s
                else { continue }
                let isValue = try batch.column(named: EventColumn.value)
                for row in 0..<batch.rowCount {
                    events += 1
                    let hasGap = columns.contains { $0.isNull(at: row) || $0.range(of: row).isEmpty }
                    if hasGap || times.isNull(at: row) || isValue.isNull(at: row) { incomplete += 1 }
                    if let at = times[row], let came = stored[row], came - at > limit { late += 1 }
                    if let kind = columns[3].string(at: row) { kinds[kind, default: 0] += 1 }
                    if let user = columns[1].string(at: row) { users.insert(ExactText(user).hashValue) }
                }
            }
        }
    }

    private static func stored(_ from: Timestamp, _ until: Timestamp) -> Columnar.Predicate {
        .and([
            .compare(column: EventColumn.ingestedAt, .greaterOrEqual, .timestamp(from)),
            .compare(column: EventColumn.ingestedAt, .lessOrEqual, .timestamp(until)),
        ])
    }

    /// - Returns: nil where nothing was stored before.
    private static func ratio(
        _ events: Int, in snapshot: Snapshot, before end: Timestamp, _ window: Double
    ) throws -> Double? {
        var (stored, stretches) = (0, 0)
        for number in 1...7 {
            let until = end.advanced(bySeconds: -Double(number - 1) * window)
            var scan = try snapshot.scan(
                columns: [EventColumn.ingestedAt],
                where: .and([
                    .compare(
                        column: EventColumn.ingestedAt, .greaterOrEqual,
                        .timestamp(until.advanced(bySeconds: -window))),
                    .compare(column: EventColumn.ingestedAt, .less, .timestamp(until)),
                ]))
            var count = 0
            while let batch = try scan.next() { count += batch.rowCount }
            stored += count
            if count > 0 { stretches = number }
        }
        return stored == 0 ? nil : Double(events) / (Double(stored) / Double(stretches))
    }

    private static func rejects(_ snapshot: Snapshot, from: Timestamp, until: Timestamp) throws -> [String: Int] {
        var scan = try snapshot.scan(
            columns: [DeadLetterColumn.topic, DeadLetterColumn.reason],
            where: .and([
                .compare(column: DeadLetterColumn.at, .greaterOrEqual, .timestamp(from)),
                .compare(column: DeadLetterColumn.at, .lessOrEqual, .timestamp(until)),
            ]))
        var counts: [String: Int] = [:]
        while let batch = try scan.next() {
            guard let topics = try batch.column(named: DeadLetterColumn.topic).byteStrings,
                let reasons = try batch.column(named: DeadLetterColumn.reason).byteStrings
            else { continue }
            for row in 0..<batch.rowCount where Topics.events.contains(topics.string(at: row) ?? "") {
                counts[String((reasons.string(at: row) ?? "").prefix { $0 != ":" }), default: 0] += 1
            }
        }
        return counts
    }
}
