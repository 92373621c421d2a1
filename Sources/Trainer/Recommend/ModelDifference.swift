internal import Domain

/// Two models side by side: what `marquee models diff` prints.
public struct ModelDifference: Sendable {
    /// One property of both models as it is printed; `–` where a model has none.
    public struct Line: Sendable, Equatable {
        public var name: String
        public var first: String
        public var second: String
        /// Whether the printed texts differ: figures that are rounded to the same digits do not.
        public var differs: Bool { first != second }
    }

    private static let cutoff = Manifest.headlineCutoff

    /// Settings, data and figures of both.
    public var lines: [Line]
    /// How much the lists of users known to both have in common: the mean share of equal items among the first
    /// ``Manifest/headlineCutoff``. Nil if no user is known to both.
    public var overlap: Double?
    public var comparedUsers: Int

    /// Compares two models, and the lists of at most `users` users, evenly spread. O(users × items × rank).
    public init(_ first: MappedModel, _ second: MappedModel, users: Int = 200) throws {
        lines = Self.lines(first.manifest, second.manifest)
        let count = min(users, first.userCount)
        var shared = 0.0
        var compared = 0
        let a = try Recommender(first)
        let b = try Recommender(second)
        for place in 0..<count {
            let id = first.userID(UserIndex(place * first.userCount / count))
            guard second.userIndex(of: id) != nil else { continue }
            let left = try a.recommend(userID: id, count: Self.cutoff, reasons: 0).items.map(\.itemID)
            let right = Set(try b.recommend(userID: id, count: Self.cutoff, reasons: 0).items.map(\.itemID))
            guard !left.isEmpty else { continue }
            shared += Double(left.count { right.contains($0) }) / Double(left.count)
            compared += 1
        }
        comparedUsers = compared
        overlap = compared > 0 ? shared / Double(compared) : nil
    }

    private static func lines(_ a: Manifest, _ b: Manifest) -> [Line] {
        func metric(_ manifest: Manifest, _ name: String) -> String {
            guard let interval = manifest.evaluation?.headline(name) else { return "–" }
            let value = (interval.value * 10_000).rounded() / 10_000
            return "\(value)"
        }
        func values(_ manifest: Manifest) -> [(String, String)] {
            let p = manifest.parameters
            return [
                ("trained at", manifest.trainedAt.description),
                ("data", manifest.data.source),
                ("table version", manifest.data.version.map(String.init) ?? "–"),
                ("events", "\(manifest.data.events)"), ("users", "\(manifest.data.users)"),
                ("items", "\(manifest.data.items)"), ("newest event", manifest.data.lastEventAt.description),
                ("kind", manifest.kind), ("rank", "\(p.rank)"), ("epochs", "\(p.epochs)"), ("alpha0", "\(p.alpha0)"),
                ("lambda", "\(p.lambda)"), ("nu", "\(p.nu)"), ("solver", p.solver.rawValue), ("seed", "\(p.seed)"),
                ("weights", "version \(manifest.weights.version)"),
                ("half-life", manifest.weights.halfLifeDays.map { "\($0) days" } ?? "none"),
                ("configuration", String(manifest.configurationSHA256.prefix(12))),
                ("code", manifest.codeVersion), ("factors", String(manifest.factorsSHA256.prefix(12))),
                ("NDCG@\(cutoff)", metric(manifest, "ndcg")), ("recall@\(cutoff)", metric(manifest, "recall")),
                ("coverage@\(cutoff)", metric(manifest, "coverage")),
                ("verdict", "\(manifest.gate.outcome.rawValue) (\(manifest.gate.policy.rawValue))"),
            ]
        }
        return zip(values(a), values(b)).map { Line(name: $0.0, first: $0.1, second: $1.1) }
    }
}
