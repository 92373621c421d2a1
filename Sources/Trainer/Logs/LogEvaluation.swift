internal import Domain
internal import Foundation
internal import Linalg
public import Store

/// Joins what was shown to what users did next, and asks what another model's lists would have had. Blocks.
///
/// An event counts for the last impression of its item to its user, if it comes within ``clickWindow`` after it; any event on
/// the item is a click. Only users and items of the impressions are kept in memory, beside the impressions themselves.
public struct LogEvaluation: Sendable {
    /// Seconds after an impression in which an event counts for it.
    public var clickWindow: Double
    /// The greatest share of rows of the events table that may break the rules, `0…1`.
    public var maxBadRows = InteractionLog.defaultMaxBadRows

    /// - Parameter clickWindow: seconds; a day if nothing else is said.
    public init(clickWindow: Double = 86_400) { self.clickWindow = clickWindow }

    /// What came of one impression.
    struct Outcome {
        var isClicked = false
        /// The longest view, `0…1`; nil if there was none.
        var watched: Double?
    }

    /// - Parameter model: whose lists to judge; nil judges none.
    /// - Throws: ``TrainerError/nothingToEvaluate(reason:advice:)`` without impressions; what reading the tables throws.
    public func run(_ store: EventStore, model: MappedModel?) throws -> LogReport {
        let shown = try ImpressionRecords(store)
        let log = try InteractionLog.read(from: store, maxBadRows: maxBadRows)
        let outcomes = try join(shown, log)
        return try report(shown, outcomes, log, model)
    }

    /// By record, what came of it. Two passes over the impressions, one over the log.
    func join(_ shown: ImpressionRecords, _ log: InteractionLog) throws -> [Outcome] {
        var outcomes = [Outcome](repeating: Outcome(), count: shown.records.count)
        var byPair: [Int64: [Int32]] = [:]
        func pair(_ user: Int32, _ item: Int32) -> Int64 { Int64(user) << 32 | Int64(item) }
        for (number, record) in shown.records.enumerated() where record.user >= 0 {
            byPair[pair(record.user, record.item), default: []].append(Int32(number))
        }
        for key in byPair.keys {
            byPair[key]!.sort { (shown.records[Int($0)].at, $0) < (shown.records[Int($1)].at, $1) }
        }
        let users = (0..<log.users.count).map { shown.users.index(of: $0, in: log.users) }
        let items = (0..<log.items.count).map { shown.items.index(of: $0, in: log.items) }
        let window = Int64(clickWindow * 1e6)
        try log.forEachChunk { chunk in
            for event in chunk {
                guard let user = users[Int(event.user)], let item = items[Int(event.item)],
                    let numbers = byPair[pair(user, item)],
                    let last = numbers.last(where: { shown.records[Int($0)].at <= event.at }),
                    event.at - shown.records[Int(last)].at <= window
                else { continue }
                outcomes[Int(last)].isClicked = true
                if event.kind == .view {
                    outcomes[Int(last)].watched = max(outcomes[Int(last)].watched ?? 0, Double(event.value))
                }
            }
        }
        return outcomes
    }

    func report(
        _ shown: ImpressionRecords, _ outcomes: [Outcome], _ log: InteractionLog, _ model: MappedModel?
    ) throws -> LogReport {
        let records = shown.records
        let all = Array(records.indices)
        func groups(_ name: (ImpressionRecords.Record) -> String) -> [LogReport.Group] {
            Dictionary(grouping: all) { name(records[$0]) }.sorted { $0.key < $1.key }
                .map { group($0.key, $0.value, records, outcomes) }
        }
        let last = 20
        let byPosition = Dictionary(grouping: all) { min(Int(records[$0].position), last + 1) }.sorted {
            $0.key < $1.key
        }
        var report = LogReport(
            source: shown.source, version: shown.version,
            from: Timestamp(microseconds: records.map(\.at).min() ?? 0),
            to: Timestamp(microseconds: records.map(\.at).max() ?? 0), clickWindowSeconds: clickWindow,
            total: group("all", all, records, outcomes),
            positions: byPosition.map { group($0.key > last ? "later" : "\($0.key)", $0.value, records, outcomes) },
            models: groups { shown.name($0.model) }, scenarios: groups { shown.name($0.scenario) }, target: model?.id,
            leftOut: 0)
        guard let model else { return report }
        let slots = try TargetLists(model, shown, log).slots(outcomes)
        report.leftOut = records.count - slots.count
        report.offPolicy = OffPolicyEstimates(slots)
        report.caution = Self.caution(slots, report.offPolicy)
        return report
    }

    private static func caution(_ slots: [LoggedSlot], _ found: OffPolicyEstimates?) -> String? {
        guard let found else { return "No impressions of two users have a propensity and a user whom the model knows." }
        let text = String(format: "%.2f", found.meanWeight.value)
        if let high = found.meanWeight.high, high < 1 {
            return
                "The mean weight is \(text), less than 1: the model would show films that the log gave no chance, and "
                + "nobody knows what would have come of them. 'exploration' in serving gives every film one."
        }
        if found.effectiveSampleSize < 100 {
            return String(
                format: "The effective sample size is %.0f: so few shown items are of the kind the model would show.",
                found.effectiveSampleSize)
        }
        return nil
    }

    private func group(
        _ name: String, _ members: [Int], _ records: [ImpressionRecords.Record], _ outcomes: [Outcome]
    ) -> LogReport.Group {
        // By cluster: impressions, clicks, views, watched shares.
        var sums: [Int64: SIMD8<Double>] = [:]
        for number in members {
            let record = records[number]
            let cluster = record.user >= 0 ? Int64(record.user) : -1 - Int64(record.list)
            var row = sums[cluster] ?? .zero
            row[0] += 1
            if outcomes[number].isClicked { row[1] += 1 }
            if let watched = outcomes[number].watched {
                row[2] += 1
                row[3] += watched
            }
            sums[cluster] = row
        }
        let rows = sums.sorted { $0.key < $1.key }.map(\.value)
        return LogReport.Group(
            name: name, impressions: members.count, lists: Set(members.map { records[$0].list }).count,
            clickRate: OffPolicyEstimates.ratio(rows, 1, of: 0),
            watchThrough: OffPolicyEstimates.ratio(rows.filter { $0[2] > 0 }, 3, of: 2))
    }
}
