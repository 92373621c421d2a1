internal import Domain

/// What a model says to the users of each window who have been there before: the mean score of their ten best films.
///
/// Users of the window alone are left out of each: the model has learned from those of the past and not from the newest.
struct DriftScores {
    /// By window, ascending.
    private let scores: [[Float]]
    /// Users that are asked for at most.
    private static let sample = 800
    private static let fewest = 30

    /// Nil if a window has too few users whom the model knows. One pass over the log.
    init?(_ log: InteractionLog, _ windows: DriftWindows, _ model: MappedModel) throws {
        // The users whose numbers, mixed, are smallest: the same ones for the same log.
        func mixed(_ user: Int32) -> UInt64 {
            var hash = UInt64(UInt32(bitPattern: user)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            return hash &* 0xBF58_476D_1CE4_E5B9
        }
        let users = (0..<Int32(log.users.count)).map { (mixed($0), $0) }.sorted { $0.0 < $1.0 }.prefix(Self.sample)
        var place = [Int32](repeating: -1, count: log.users.count)
        let recommender = try Recommender(model)
        var means: [Float] = []
        for (_, user) in users {
            let id = log.users.id(at: Int(user))
            guard model.userIndex(of: id) != nil else { continue }
            let list = try recommender.recommend(userID: id, count: 10, reasons: 0).items
            guard !list.isEmpty else { continue }
            place[Int(user)] = Int32(means.count)
            means.append(list.reduce(0) { $0 + $1.score } / Float(list.count))
        }
        var isIn = [[Bool]](repeating: .init(repeating: false, count: means.count), count: windows.count)
        try log.forEachChunk { chunk in
            for record in chunk {
                let sampled = place[Int(record.user)]
                guard sampled >= 0, let window = windows.window(of: record.at),
                    windows.firstWindowOfUser[Int(record.user)] > Int32(window)
                else { continue }
                isIn[window][Int(sampled)] = true
            }
        }
        scores = isIn.map { window in means.indices.filter { window[$0] }.map { means[$0] }.sorted() }
        // The windows before those that are measured may have fewer: they are joined.
        guard scores.dropLast(DriftDetector.reference).allSatisfy({ $0.count >= Self.fewest }) else { return nil }
    }

    /// From the scores of the windows before it.
    func distance(at window: Int) -> Double {
        let before = (window + 1...window + DriftDetector.reference).flatMap { scores[$0] }.sorted()
        return Self.kolmogorovSmirnov(scores[window], before)
    }

    /// The greatest difference between the distribution functions of two ascending samples, `0…1`; 0 if one is empty.
    static func kolmogorovSmirnov(_ a: [Float], _ b: [Float]) -> Double {
        guard !a.isEmpty, !b.isEmpty else { return 0 }
        var (i, j, greatest) = (0, 0, 0.0)
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] <= value { i += 1 }
            while j < b.count, b[j] <= value { j += 1 }
            greatest = max(greatest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        return greatest
    }
}
