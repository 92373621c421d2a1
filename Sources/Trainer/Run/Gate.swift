internal import Foundation

/// Decides whether a candidate goes into service.
///
/// `if-better` promotes when NDCG@10 is not shown to be worse than the incumbent's (the interval of the relative
/// difference lies above −1 %) and no guardrail fails:
///
/// | guardrail           | fails when                                                        |
/// |---------------------|-------------------------------------------------------------------|
/// | coverage@10         | below 0.8 of the incumbent's                                       |
/// | exposure Gini@10    | more than 0.05 above the incumbent's                               |
/// | users with short history | NDCG@10 of users with up to five items more than 10 % below, interval below zero |
/// | latency             | a query reads more than 64 MiB of item factors and four times the incumbent's |
struct Gate {
    static let tolerance = -0.01
    /// What the documentation above calls 10.
    private static let k = Manifest.headlineCutoff

    var policy: GateVerdict.Policy

    /// What is known of candidate and incumbent, both measured on the same users.
    struct Measurements {
        var incumbent: ModelID
        var how: String
        var candidate: Evaluator.Outcome
        var other: Evaluator.Outcome
        /// Positions of users with at most five items.
        var newUsers: [Int]
        /// Items × rank.
        var work: (candidate: Int, other: Int)
    }

    /// The verdict without a comparison.
    func verdict(incumbent: ModelID?, reason: String) -> GateVerdict {
        switch policy {
        case .always: GateVerdict(outcome: .promoted, policy: policy, reason: "Always.", incumbent: incumbent)
        case .never: GateVerdict(outcome: .kept, policy: policy, reason: "Never.", incumbent: incumbent)
        case .ifBetter:
            // Without an incumbent anything is better; without a measurement a newer model of the same kind is taken
            // on trust only if nothing is in service.
            GateVerdict(
                outcome: incumbent == nil ? .promoted : .kept, policy: policy, reason: reason, incumbent: incumbent)
        }
    }

    func verdict(_ m: Measurements, bootstrap: Bootstrap) -> GateVerdict {
        let k = Self.k
        let (ours, theirs) = (m.candidate.perUser(.ndcg, at: k), m.other.perUser(.ndcg, at: k))
        let difference = bootstrap.relativeDifference(of: ours, to: theirs)
        var failures: [String] = []
        let (shown, otherShown) = (m.candidate.exposure(at: k), m.other.exposure(at: k))
        if shown.coverage < 0.8 * otherShown.coverage {
            failures.append("coverage@\(k) \(text(shown.coverage)) against \(text(otherShown.coverage))")
        }
        if shown.gini > otherShown.gini + 0.05 {
            failures.append("exposure Gini@\(k) \(text(shown.gini)) against \(text(otherShown.gini))")
        }
        if !m.newUsers.isEmpty {
            let slice = bootstrap.relativeDifference(of: m.newUsers.map { ours[$0] }, to: m.newUsers.map { theirs[$0] })
            if let slice, slice.value < -0.1, let high = slice.high, high < 0 {
                failures.append("users with short history: NDCG@\(k) \(text(slice.value * 100)) %")
            }
        }
        // What a query reads, not how long it took: a timing would make the verdict depend on the machine's load.
        if m.work.candidate > 16 << 20, m.work.candidate > 4 * m.work.other {
            failures.append("a query reads \(m.work.candidate >> 18) MiB against \(m.work.other >> 18) MiB")
        }
        // An incumbent that never hits is beaten by anything that does.
        let isNotWorse = difference.map { ($0.low ?? $0.value) > Self.tolerance } ?? true
        let figures =
            difference.map {
                "NDCG@\(k) differs by \(text($0.value * 100)) % [\(text(($0.low ?? $0.value) * 100)), "
                    + "\(text(($0.high ?? $0.value) * 100))]"
            } ?? "the model in service has NDCG@\(k) 0"
        var reason = "Against \(m.incumbent) (\(m.how)) \(figures)"
        reason += isNotWorse ? ", not worse." : "; the lower end must lie above \(text(Self.tolerance * 100)) %."
        if !failures.isEmpty { reason += " Guardrails failed: \(failures.joined(separator: "; "))." }
        let outcome: GateVerdict.Outcome =
            switch policy {
            case .always: .promoted
            case .never: .kept
            case .ifBetter: isNotWorse && failures.isEmpty ? .promoted : .kept
            }
        return GateVerdict(
            outcome: outcome, policy: policy, reason: reason, incumbent: m.incumbent, relativeDifference: difference,
            failures: failures)
    }

    private func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
