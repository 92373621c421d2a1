public import Domain

/// How events are divided into those that train and those that test.
public enum Split: Hashable, Sendable {
    /// Everything before the given quantile of event times trains, everything from it on tests.
    case time(Double)
    /// Everything before the time trains, everything from it on tests.
    case after(Timestamp)
    /// The last item of every user with at least two tests; of several at one instant the last by bytes of the identifier.
    case leaveLastOut
    /// A share of all (user, item) pairs, drawn by seed, tests. Looks into the future; only to compare with others.
    case random(Double, seed: UInt64)
    /// Two files: one trains, the other tests.
    case files

    /// Parses `time:0.9`, `after:2026-11-01T00:00:00Z`, `last`, `random:0.1` or `random:0.1:7`.
    public init?(_ text: String) {
        if text.hasPrefix("after:") {
            guard let time = Timestamp(String(text.dropFirst(6))) else { return nil }
            self = .after(time)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("time", 2):
            guard let quantile = Double(parts[1]), quantile > 0, quantile < 1 else { return nil }
            self = .time(quantile)
        case ("last", 1): self = .leaveLastOut
        case ("random", 2), ("random", 3):
            guard let share = Double(parts[1]), share > 0, share < 1 else { return nil }
            guard parts.count == 3 else {
                self = .random(share, seed: 1)
                return
            }
            guard let seed = UInt64(parts[2]) else { return nil }
            self = .random(share, seed: seed)
        default: return nil
        }
    }
}

extension Split: CustomStringConvertible {
    public var description: String {
        switch self {
        case .time(let quantile): "time:\(quantile)"
        case .after(let time): "after:\(time)"
        case .leaveLastOut: "last"
        case .random(let share, let seed): "random:\(share):\(seed)"
        case .files: "files"
        }
    }

    /// One sentence for reports.
    public var explanation: String {
        switch self {
        case .time(let quantile):
            "Events before the \(quantile) quantile of event times train, later ones test."
        case .after(let time): "Events before \(time) train, later ones test."
        case .leaveLastOut: "The last item of every user tests, the rest trains (other users' later events included)."
        case .random(let share, let seed):
            "A share of \(share) of all pairs, drawn with seed \(seed), tests (the future is mixed into training)."
        case .files: "One file trains, another tests."
        }
    }
}

extension Split {
    /// The split applied to one log.
    struct Resolved {
        /// From here on events test, for a split by time.
        var at: Timestamp?
        var isTest: (InteractionLog.Record) -> Bool
    }

    /// Looks at the log and decides. Time: the quantile is exact; ties at it go to the test side.
    func resolve(_ log: InteractionLog, weights: ConfidenceWeights) throws -> Resolved {
        switch self {
        case .time(let quantile):
            var times: [Int64] = []
            times.reserveCapacity(log.count)
            try log.forEachChunk { chunk in for record in chunk { times.append(record.at) } }
            guard !times.isEmpty else {
                throw TrainerError.emptyTrainingSet(source: log.source, reason: "it holds no events")
            }
            times.sort()
            let at = times[min(times.count - 1, Int(Double(times.count) * quantile))]
            return Resolved(at: Timestamp(microseconds: at), isTest: { $0.at >= at })
        case .after(let time):
            let at = time.microseconds
            return Resolved(at: time, isTest: { $0.at >= at })
        case .leaveLastOut:
            var rank = [Int32](repeating: 0, count: log.items.count)
            for (place, item) in log.items.inByteOrder().enumerated() { rank[Int(item)] = Int32(place) }
            var latest = [(at: Int64, item: Int32)](repeating: (.min, -1), count: log.users.count)
            var several = [Bool](repeating: false, count: log.users.count)
            try log.forEachChunk { chunk in
                for record in chunk where weights.weight(of: record.kind, value: record.value) > 0 {
                    let user = Int(record.user)
                    if latest[user].item >= 0, latest[user].item != record.item { several[user] = true }
                    let isLater =
                        latest[user].item < 0
                        || (record.at, rank[Int(record.item)]) > (latest[user].at, rank[Int(latest[user].item)])
                    if isLater {
                        latest[user] = (record.at, record.item)
                    }
                }
            }
            return Resolved(at: nil, isTest: { several[Int($0.user)] && latest[Int($0.user)].item == $0.item })
        case .random(let share, let seed):
            // By identifiers, so that a pair falls on the same side wherever it is stored.
            let (users, items) = (log.users.stableHashes(), log.items.stableHashes())
            return Resolved(at: nil) { record in
                let pair = users[Int(record.user)] &* 0x9E37_79B9_7F4A_7C15 ^ items[Int(record.item)]
                var generator = SeededGenerator(seed: seed, stream: pair)
                return generator.uniform() < share
            }
        case .files:
            return Resolved(at: nil, isTest: { $0.isTest })
        }
    }
}
