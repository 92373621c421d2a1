public import Domain
internal import Foundation

/// By item, likings that fade: Σ 2^(−age / half-life) over the events that say one, the age counted back from one moment.
public struct RecentLikings: Sendable, Equatable {
    /// The moment.
    public var at: Timestamp
    public var halfLifeDays: Double
    /// By item.
    public var counts: [Float]

    public init(at: Timestamp, halfLifeDays: Double, counts: [Float]) {
        self.at = at
        self.halfLifeDays = halfLifeDays
        self.counts = counts
    }

    /// What an event at `time` counts at the moment ``at``; one of later counts whole.
    public func worth(of time: Timestamp) -> Double {
        Self.worth(time.microseconds, at: at.microseconds, halfLifeDays)
    }

    static func worth(_ time: Int64, at moment: Int64, _ halfLifeDays: Double) -> Double {
        exp2(-Double(max(0, moment - time)) / 86_400e6 / halfLifeDays)
    }

    /// Of each half-life the likings of the events that `accept` takes, at the newest of them; in the order of the events'
    /// own times, whatever file they stand in. One pass.
    static func of(
        _ log: InteractionLog, _ training: TrainingSet, _ weights: ConfidenceWeights, halfLives: [Double],
        where accept: (InteractionLog.Record) -> Bool
    ) throws -> [RecentLikings] {
        let numbers = (0..<log.items.count).map { training.items.index(of: $0, in: log.items) ?? -1 }
        let newest = min(training.last, log.clock).microseconds
        // Whole numbers, so that the sum does not depend on the order.
        var sums = halfLives.map { _ in [UInt64](repeating: 0, count: training.itemCount) }
        try log.forEachChunk { chunk in
            for record in chunk
            where accept(record) && weights.weight(of: record.kind, value: record.value) > 0 {
                let item = numbers[Int(record.item)]
                guard item >= 0 else { continue }
                for (place, halfLife) in halfLives.enumerated() {
                    sums[place][Int(item)] += UInt64(worth(record.at, at: newest, halfLife) * 0x1p32)
                }
            }
        }
        return zip(halfLives, sums).map { halfLife, sums in
            RecentLikings(
                at: Timestamp(microseconds: newest), halfLifeDays: halfLife,
                counts: sums.map { Float(Double($0) * 0x1p-32) })
        }
    }
}
