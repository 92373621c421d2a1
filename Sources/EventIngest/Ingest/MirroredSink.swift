import Columnar
import Domain
import Operations

/// A sink whose rows also go to another one.
///
/// The first decides: its offsets say where to go on, and its rows tell whether a log is still the same. The mirror is
/// written before it. So what the first has, the mirror has; what the mirror has beyond it, after a crash between the
/// two, is read again, and the mirror must pass over rows that it has, by their own identifiers. While one of them cannot
/// be written neither goes on.
final class MirroredSink: EventSink {
    private let first: any EventSink
    private let mirror: any EventSink
    private var hasWarned = false
    private static let log = Log("ingest")

    init(_ first: any EventSink, mirror: any EventSink) {
        self.first = first
        self.mirror = mirror
    }

    var name: String { first.name }

    func offsets() throws -> [String: Int64] { try first.offsets() }

    func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> {
        try first.storedOffsets(of: place, in: range)
    }

    var isReadable: Bool { first.isReadable }

    func rows(_ columns: [String], of ranges: [TopicPartition: Range<Int64>]?) throws -> [RecordBatch] {
        try first.rows(columns, of: ranges)
    }

    func mayLackRows() throws -> Bool { try first.mayLackRows() }

    func commit(_ batches: [RecordBatch], advancing steps: [OffsetAdvance]) throws -> SinkOutcome {
        let mirrored = try mirror.offsets()
        let missing = steps.filter { step in
            // A log that was begun anew goes back.
            guard let known = mirrored[step.appID], step.from.map({ $0 <= step.to }) ?? true else { return true }
            return known < step.to
        }
        if !missing.isEmpty {
            warnOfGaps(missing, mirrored)
            let outcome = try mirror.commit(
                batches,
                advancing: missing.map { OffsetAdvance(appID: $0.appID, from: mirrored[$0.appID], to: $0.to) })
            guard case .committed = outcome else { return outcome }
        }
        return try first.commit(batches, advancing: steps)
    }

    /// Messages that were stored while nobody wrote to the mirror are not there.
    private func warnOfGaps(_ steps: [OffsetAdvance], _ mirrored: [String: Int64]) {
        let gaps = steps.filter { step in step.from.map { (mirrored[step.appID] ?? 0) < $0 } ?? false }
        guard !hasWarned, let gap = gaps.first else { return }
        hasWarned = true
        Self.log.warning(
            "the mirror lacks what was stored without it",
            [
                "mirror": mirror.name, "first": gap.appID, "from": mirrored[gap.appID] ?? 0, "to": gap.from ?? 0,
                "partitions": gaps.count,
            ])
    }
}
