import Columnar
import Domain
import Operations
import Platform

/// `marquee privacy hold`
enum PrivacyHoldCommand {
    static let command: Command = Command(
        path: ["privacy", "hold"], summary: "Keep what there is of a person for a legal claim, or list who is kept.",
        details: """
            Neither 'privacy retain' nor an erasure removes anything of them until --release (GDPR, Art. 17(3)(e)); an erasure
            masks them and stays pending. The identifier stands in the state's file as long as the hold lasts. What the
            retention of Kafka's topics or another program takes away is not kept. Once an erasure has begun to remove, a
            hold is refused: it could keep but a part. It waits for 'privacy retain', a minute at most.
            """,
        arguments: [.init(name: "USER", summary: "The user; without one all holds are listed.", isOptional: true)],
        options: [
            release.spec, Options.reason.spec, Options.stateFolder.spec, Options.pseudonymiseKey.spec,
            Options.format.spec,
        ],
        examples: [
            .init(line: "privacy hold u17 --reason 'case 4711'", meaning: "From now on nothing of u17 is removed."),
            .init(line: "privacy hold u17 --release", meaning: "Goes on with what was held up at its next run."),
            .init(line: "privacy hold", meaning: "Who is kept, since when, and why."),
        ]
    ) { invocation in
        let (isRelease, reason) = (try invocation.value(release), invocation.optional(Options.reason) ?? "")
        guard !invocation.arguments.isEmpty else {
            guard !isRelease, reason.isEmpty else {
                throw CommandLineError.missingArgument(
                    command: invocation.command.name, argument: "USER",
                    beside: (isRelease ? release.spec : Options.reason.spec).name)
            }
            return try await list(
                LegalHolds(try invocation.knownState()), as: try invocation.value(Options.format))
        }
        let user = try PrivacyOptions.user(invocation)
        let state = try isRelease ? invocation.knownState() : invocation.state()
        try await invocation.settle(state)
        let holds = LegalHolds(state)
        if !isRelease { try await waitForRetention(holds) }
        let isNew = try await BlockingWork.run("privacy") { _ in
            let subject = String(try PersonalRegister(state).subject(of: user).hex.prefix(16))
            return try AuditLog(state).record(
                by: Operator.name, isRelease ? "privacy.release" : "privacy.hold", of: subject, reason: reason
            ) {
                try isRelease ? holds.release(user) : holds.place(user, by: Operator.name, reason: reason)
            }
        }
        switch (isRelease, isNew) {
        case (true, true): StandardOutput.write(line: "released")
        case (true, false): StandardOutput.write(line: "there was no hold")
        case (false, true): StandardOutput.write(line: "held: nothing of them is removed until it is released")
        case (false, false): StandardOutput.write(line: "held already")
        }
    }

    /// Retention mostly takes moments. Of one whose machine is gone it is known after a while, too.
    private static func waitForRetention(_ holds: LegalHolds) async throws {
        let end = ContinuousClock.now + Leases.patience + .seconds(5)
        while ContinuousClock.now < end,
            try await BlockingWork.run("privacy", { _ in try holds.retentionUnderWay() != nil })
        {
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private static let release = Option<Bool>.flag("release", "End the hold.")

    private static func list(_ holds: LegalHolds, as form: RowPrinter.Form) async throws {
        let all = try await BlockingWork.run("privacy") { _ in try holds.all() }
        var printer = RowPrinter(columns: ["user_id", "since", "by", "reason"].map { ($0, .left) }, as: form)
        for hold in all {
            printer.print([.string(hold.user), .timestamp(hold.since), .string(hold.who), .string(hold.reason)])
        }
        printer.finish()
    }
}
