internal import Foundation

/// Decides whether a candidate goes into service.
///
/// First what holds for every candidate, also the first model and the recipe in service on newer data:
///
/// | rule       | refused when                                                                          |
/// |------------|---------------------------------------------------------------------------------------|
/// | collapse   | the data has less than half of the events, users or items of the model in service, or of the largest before it |
/// | drift      | the newest window has far fewer events than the past ones, or another mix of kinds, by bounds of their own history |
/// | baselines  | shown to be below the popularity list or item neighbours (models of stars: means of items, or of users and items); kept if it is below the first by fewer than 50 users |
///
/// Then the model in service, by NDCG@10, or by RMSE between two models of stars. Promoted is what is shown to be better, or
/// not worse by more than 1 %, if no guardrail fails; what is shown to be worse is refused; what lies in the noise is kept,
/// unless it is the recipe in service on newer data.
///
/// | guardrail           | fails when                                                        |
/// |---------------------|-------------------------------------------------------------------|
/// | coverage@10         | below 0.8 of the incumbent's                                       |
/// | exposure Gini@10    | more than 0.05 above the incumbent's                               |
/// | users with short history | NDCG@10 of users with up to five items more than 10 % below, interval below zero |
/// | latency             | a query reads more than 64 MiB of item factors and four times the incumbent's |
struct Gate {
    /// Data of which less than this share is left has collapsed.
    static let collapse = 0.5

    /// What stands before the reason of a promotion that is owed to the policy alone.
    static let asked = "Promoted as asked for. "

    var policy: GateVerdict.Policy

    /// What is known of a candidate.
    struct Evidence {
        /// The model in service.
        var incumbent: ModelID?
        /// Whether that model has the candidate's recipe.
        var isSameRecipe = false
        /// What of its data is gone, in words; nil if enough is there.
        var collapsed: String?
        /// What is wrong with its newest events, in words; nil if nothing is.
        var broken: String?
        /// Against popularity first, and what else must not beat it.
        var baselines: [Contest] = []
        /// Against the model in service, and how that was measured.
        var rival: (contest: Contest, how: String)?
        /// Guardrails that failed.
        var failures: [String] = []
        /// What other split would say more, in words.
        var remedy: String?
    }

    /// The verdict without a measurement.
    func verdict(_ evidence: Evidence, unmeasured reason: String) -> GateVerdict {
        if let doubt = doubt(evidence) { return doubt }
        return ruled(.kept, .notEvaluated, "Nothing is known of it: \(reason)", evidence)
    }

    func verdict(_ evidence: Evidence) -> GateVerdict {
        if let doubt = doubt(evidence) { return doubt }
        if let worst = evidence.baselines.first(where: { $0.finding == .worse && $0.users >= Contest.fewestUsers }) {
            return ruled(.refused, .belowBaseline, "Below \(worst.name): \(worst.text).", evidence)
        }
        // Of a few users that is no proof; and yet what is popular is what would be shown instead.
        if let popular = evidence.baselines.first, popular.finding == .worse {
            return tooFew("Below \(popular.name): \(popular.text)", popular, evidence)
        }
        guard let (contest, how) = evidence.rival else { return withoutRival(evidence) }
        let against = "Against \(contest.name) (\(how)) \(contest.text)"
        if contest.finding == .worse { return ruled(.refused, .worse, "\(against): worse.", evidence) }
        if !evidence.failures.isEmpty {
            let failures = evidence.failures.joined(separator: "; ")
            return ruled(.refused, .guardrail, "\(against). Guardrails failed: \(failures).", evidence)
        }
        if evidence.isSameRecipe {
            return ruled(.promoted, .newerData, "\(against), by newer data alone: not shown to be worse.", evidence)
        }
        guard contest.users >= Contest.fewestUsers else { return tooFew(against, contest, evidence) }
        switch contest.finding {
        case .better: return ruled(.promoted, .better, "\(against): better.", evidence)
        case .notWorse: return ruled(.promoted, .notWorse, "\(against): not worse.", evidence)
        case .unclear, .worse:
            guard contest.isConclusive else { return tooFew(against, contest, evidence) }
            return ruled(.kept, .noDifference, "\(against): no difference shown.", evidence)
        }
    }

    /// What speaks against the data, whatever the model makes of it.
    private func doubt(_ evidence: Evidence) -> GateVerdict? {
        if let collapsed = evidence.collapsed { return ruled(.refused, .collapsed, collapsed, evidence) }
        guard let broken = evidence.broken else { return nil }
        let text =
            "Something is wrong with the events: \(broken). If that is meant, promote by hand or with --promote always."
        return ruled(.refused, .suspectData, text, evidence)
    }

    private func withoutRival(_ evidence: Evidence) -> GateVerdict {
        if evidence.incumbent != nil {
            return ruled(
                .promoted, .newerData,
                "The recipe of \(evidence.incumbent!) on other data; too few events are new to both to compare them.",
                evidence)
        }
        guard let popular = evidence.baselines.first else {
            return ruled(.promoted, .first, "No model was in service.", evidence)
        }
        let against = "No model was in service. Against \(popular.name) \(popular.text)"
        guard popular.isAhead else {
            return popular.isConclusive
                ? ruled(.kept, .noDifference, "\(against): no difference shown.", evidence)
                : tooFew(against, popular, evidence)
        }
        return ruled(.promoted, .first, "\(against).\(limits(of: popular, evidence))", evidence)
    }

    /// What so few users cannot say, and what would; empty where they are enough.
    private func limits(of contest: Contest, _ evidence: Evidence) -> String {
        guard !contest.isConclusive else { return "" }
        let words =
            contest.detectable.map { " a difference below \(Self.percent($0)) cannot be told from none." }
            ?? " too few to tell."
        return " Only \(contest.users) users were held out:\(words)" + (evidence.remedy.map { " \($0)" } ?? "")
    }

    private static func percent(_ share: Double) -> String {
        "\(String(format: "%.0f", (max(share, 0.01) * 100).rounded(.up))) %"
    }

    private func tooFew(_ against: String, _ contest: Contest, _ evidence: Evidence) -> GateVerdict {
        var text = "\(against), but that is \(contest.users) held-out users"
        text +=
            contest.detectable.map {
                ": a difference below \(Self.percent($0)) cannot be told from none."
            } ?? ": too few to tell."
        return ruled(.kept, .tooFewUsers, text + (evidence.remedy.map { " \($0)" } ?? ""), evidence)
    }

    /// What the policy makes of it.
    private func ruled(
        _ outcome: GateVerdict.Outcome, _ finding: GateVerdict.Finding, _ reason: String, _ evidence: Evidence
    ) -> GateVerdict {
        let decisive = evidence.rival?.contest ?? evidence.baselines.first
        let result: (GateVerdict.Outcome, String) =
            switch policy {
            case .ifBetter: (outcome, reason)
            case .always: (.promoted, outcome == .promoted ? reason : Self.asked + reason)
            case .never: (.kept, outcome == .kept ? reason : "Kept as asked for. \(reason)")
            }
        return GateVerdict(
            outcome: result.0, policy: policy, finding: finding, reason: result.1, incumbent: evidence.incumbent,
            metric: decisive?.metric, relativeDifference: evidence.rival?.contest.difference,
            detectableDifference: decisive?.detectable, users: decisive?.users, failures: evidence.failures)
    }
}

extension Gate {
    private static let k = Manifest.headlineCutoff

    /// What of the data of the model in service is gone, in words; nil if at least half of everything is there.
    static func collapsed(events: Int, users: Int, items: Int, against before: Manifest) -> String? {
        let lost = [
            ("events", events, before.data.events), ("users", users, before.data.users),
            ("items", items, before.data.items),
        ].filter { Double($0.1) < collapse * Double($0.2) }
        guard !lost.isEmpty else { return nil }
        return "The data has collapsed: "
            + lost.map { "\($0.1) \($0.0) where \(before.id) had \($0.2)" }.joined(separator: ", ")
            + ". If that is meant, promote by hand or with --promote always."
    }

    /// The guardrails that fail.
    /// - Parameters:
    ///   - newUsers: positions of held-out users with at most five items.
    ///   - work: items × rank.
    static func failures(
        _ candidate: Evaluator.Outcome, against other: Evaluator.Outcome, newUsers: [Int],
        work: (candidate: Int, other: Int), _ bootstrap: Bootstrap
    ) -> [String] {
        func text(_ value: Double) -> String { String(format: "%.2f", value) }
        var failures: [String] = []
        let (shown, otherShown) = (candidate.exposure(at: k), other.exposure(at: k))
        if shown.coverage < 0.8 * otherShown.coverage {
            failures.append("coverage@\(k) \(text(shown.coverage)) against \(text(otherShown.coverage))")
        }
        if shown.gini > otherShown.gini + 0.05 {
            failures.append("exposure Gini@\(k) \(text(shown.gini)) against \(text(otherShown.gini))")
        }
        if !newUsers.isEmpty {
            let (ours, theirs) = (candidate.perUser(.ndcg, at: k), other.perUser(.ndcg, at: k))
            let slice = bootstrap.relativeDifference(of: newUsers.map { ours[$0] }, to: newUsers.map { theirs[$0] })
            if let slice, slice.value < -0.1, let high = slice.high, high < 0 {
                failures.append("users with short history: NDCG@\(k) \(text(slice.value * 100)) %")
            }
        }
        // What a query reads, not how long it took: a timing would make the verdict depend on the machine's load.
        if work.candidate > 16 << 20, work.candidate > 4 * work.other {
            failures.append("a query reads \(work.candidate >> 18) MiB against \(work.other >> 18) MiB")
        }
        return failures
    }
}
