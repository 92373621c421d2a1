import Columnar
import Domain
import Operations
import Platform

/// `marquee privacy consent`
enum PrivacyConsentCommand {
    static let command: Command = Command(
        path: ["privacy", "consent"], summary: "Write down what a person allows, or show it with its history.",
        details: """
            Off means: --training, no model learns from them from the next training on, which counts them; --personal,
            their lists are for everybody and say so (user_state objected); --analytics, what lists show them is not
            written down. Every process with the same --state honours it within a second. Without an option it shows
            what holds, and everything that was ever said. The identifier is kept as a keyed digest.
            """,
        arguments: [PrivacyOptions.argument],
        options: [training.spec, personal.spec, analytics.spec, Options.reason.spec, Options.stateFolder.spec]
            + [Options.pseudonymiseKey.spec] + [Options.reportFormat.spec],
        examples: [
            .init(line: "privacy consent u17 --personal off --training off", meaning: "An objection (GDPR, Art. 21)."),
            .init(line: "privacy consent u17", meaning: "What holds for them, and since when."),
        ]
    ) { invocation in
        let user = try PrivacyOptions.user(invocation)
        let state = try invocation.state()
        try await invocation.settle(state)
        let register = PersonalRegister(state)
        var wanted: [PersonalChoice.Purpose: Bool] = [:]
        for (purpose, option) in [
            (PersonalChoice.Purpose.training, training), (.personal, personal), (.analytics, analytics),
        ] {
            if let word = invocation.optional(option) { wanted[purpose] = word == "on" }
        }
        if !wanted.isEmpty {
            let words = wanted.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.key.rawValue) \($0.value ? "on" : "off")" }.joined(separator: ", ")
            let (asked, reason) = (wanted, invocation.optional(Options.reason) ?? "")
            try await BlockingWork.run("privacy") { _ in
                let subject = try register.subject(of: user)
                try AuditLog(state).record(
                    by: Operator.name, "privacy.consent", of: "\(subject.hex.prefix(16)): \(words)", reason: reason
                ) { _ = try register.set(asked, of: user, by: Operator.name) }
            }
        }
        let (choice, history) = try await BlockingWork.run("privacy") { _ in
            (try register.table().choice(of: user), try register.history(of: user))
        }
        if try invocation.value(Options.reportFormat) == "json" {
            return try JSONOutput.write(Shown(choice, history))
        }
        for purpose in PersonalChoice.Purpose.allCases {
            StandardOutput.write(line: "\(purpose.rawValue): \(choice.allows(purpose) ? "on" : "off")")
        }
        if choice.isBeingErased { StandardOutput.write(line: "being erased: nothing of theirs is used") }
        guard !history.isEmpty else { return }
        var table = TextTable([("AT", .left), ("PURPOSE", .left), ("SAID", .left), ("BY", .left)])
        for said in history {
            table.add(["\(said.at)", said.purpose.rawValue, said.isAllowed ? "on" : "off", said.who])
        }
        StandardOutput.write(table.text)
    }

    private static let training = word("training", "Whether models may learn from them.")
    private static let personal = word("personal", "Whether lists may be made from their tastes.")
    private static let analytics = word("analytics", "Whether what lists show them may be written down.")

    private static func word(_ name: String, _ summary: String) -> Option<String> {
        .choice(name, ["on", "off"], summary).set(as: "consent-\(name)")
    }

    private struct Shown: Encodable {
        struct Said: Encodable {
            let at: String
            let purpose: String
            let allowed: Bool
            let by: String
        }

        let choices: [String: Bool]
        let being_erased: Bool
        let history: [Said]

        init(_ choice: PersonalChoice, _ history: [PersonalRegister.Consent]) {
            choices = Dictionary(
                uniqueKeysWithValues: PersonalChoice.Purpose.allCases.map { ($0.rawValue, choice.allows($0)) })
            being_erased = choice.isBeingErased
            self.history = history.map {
                Said(at: $0.at.description, purpose: $0.purpose.rawValue, allowed: $0.isAllowed, by: $0.who)
            }
        }
    }
}
