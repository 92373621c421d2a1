import Columnar
import Delivery
import Domain
import Operations

/// `marquee mail …`
enum MailCommand {
    static let subscribe: Command = Command(
        path: ["mail", "subscribe"], summary: "Mail a user their own digests from now on.",
        details: """
            A 'deliver --smtp' with the same --state sends them. Subscribing again changes the address. Ask whoever it
            belongs to first: the audit log keeps that it was written down, when and by whom.
            """,
        arguments: [
            PrivacyOptions.argument, .init(name: "ADDRESS", summary: "Where to, such as 'Ann <ann@example.org>'."),
        ],
        options: [Options.stateFolder.spec, Options.reason.spec, Options.pseudonymiseKey.spec],
        examples: [.init(line: "mail subscribe u17 ann@example.org", meaning: "The next digest goes there.")]
    ) { invocation in
        let named = try PrivacyOptions.named(invocation)
        let user = try PrivacyOptions.user(invocation)
        let address = try MailAddress(invocation.arguments[1]).text
        let state = try invocation.state()
        try await invocation.settle(state)
        let reason = invocation.optional(Options.reason) ?? ""
        let choice = try await BlockingWork.run("mail") { _ in
            try audited("mail.subscribe", of: user, state, reason) {
                try MailSubscriptions(state).add(user, address: address)
            }
            return try PersonalRegister(state).table().choice(of: user)
        }
        StandardOutput.write(line: "\(PrintableText.escaped(named)) gets digests")
        if !choice.allows(.personal) {
            StandardOutput.write(
                prose: "Nothing is sent as long as they object to lists of their own (privacy consent).")
        }
    }

    static let unsubscribe: Command = Command(
        path: ["mail", "unsubscribe"], summary: "Mail a user no more digests; what waits for them is taken back.",
        arguments: [.init(name: "USER", summary: "The user's identifier, if not --token.", isOptional: true)],
        options: [token.spec, Options.stateFolder.spec, Options.reason.spec, Options.pseudonymiseKey.spec],
        examples: [
            .init(line: "mail unsubscribe u17", meaning: "By name."),
            .init(
                line: "mail unsubscribe --token 6f0d52c1a7", meaning: "For what answers the link of --unsubscribe-url."),
        ]
    ) { invocation in
        let given = invocation.optional(token)
        try invocation.needOne(of: ["USER", "--token TOKEN"], given != nil || !invocation.arguments.isEmpty)
        if given != nil, let user = invocation.arguments.first {
            throw CommandLineError.unexpectedArgument(
                command: invocation.command.name, argument: user, beside: token.spec.name)
        }
        let named = invocation.arguments.isEmpty ? nil : try PrivacyOptions.user(invocation)
        let state = try invocation.knownState()
        if named != nil { try await invocation.settle(state) }
        let reason = invocation.optional(Options.reason) ?? ""
        let user = try await BlockingWork.run("mail") { _ -> String? in
            let subscriptions = MailSubscriptions(state)
            guard let user = try given.map({ try subscriptions.user(of: $0) }) ?? named,
                try !subscriptions.of([user]).isEmpty
            else { return nil }
            try audited("mail.unsubscribe", of: user, state, reason) { _ = try subscriptions.remove(user) }
            return user
        }
        if let user {
            StandardOutput.write(line: "\(PrintableText.escaped(user)) gets no more digests")
        } else if given != nil {
            // A link of a mail is clicked twice.
            StandardOutput.write(line: "there is no such subscription")
        } else {
            throw NoSubscription(user: invocation.arguments[0])
        }
    }

    static let subscribers: Command = Command(
        path: ["mail", "subscribers"], summary: "List the users who get digests, and where to.",
        options: [Options.stateFolder.spec, Options.format.spec],
        examples: [.init(line: "mail subscribers --format csv", meaning: "For a spreadsheet.")]
    ) { invocation in
        let subscriptions = MailSubscriptions(try invocation.knownState())
        let all = try await BlockingWork.run("mail") { _ in try subscriptions.all() }
        var printer = RowPrinter(
            columns: ["user_id", "address", "since"].map { ($0, .left) }, as: try invocation.value(Options.format))
        for one in all { printer.print([.string(one.userID), .string(one.address), .timestamp(one.since)]) }
        printer.finish()
    }

    static let list: Command = Command(
        path: ["mail", "list"], summary: "List mails that wait, were delivered, or were given up, newest first.",
        options: WebhooksCommand.listOptions,
        examples: [.init(line: "mail list --standing dead", meaning: "What was given up or is in doubt, and why.")]
    ) { invocation in try await WebhooksCommand.show(.mails, invocation) }

    static let retry: Command = Command(
        path: ["mail", "retry"], summary: "Let mails that were given up or are in doubt be tried again.",
        details: "A running 'deliver --smtp' with the same --state sends them, under the Message-ID they had.",
        arguments: [
            .init(name: "ID", summary: "The mail, or the beginning of its id; all by default.", isOptional: true)
        ],
        options: [Options.stateFolder.spec],
        examples: [.init(line: "mail retry 6f0d", meaning: "The mail whose id begins so.")]
    ) { invocation in
        let count = try await WebhooksCommand.revive(.mails, invocation)
        StandardOutput.write(
            line: count == 0
                ? "no mail was given up or is in doubt: there is nothing to try again"
                : "mails: \(Figure.count(count)) to be tried again")
    }

    private static let token = Option<String>.text(
        "token", "TOKEN", "Of the subscription, as --unsubscribe-url has it."
    ).set(as: "mail-token")

    /// The log names the user by a digest, and no address.
    private static func audited(
        _ action: String, of user: String, _ state: StateDatabase, _ reason: String, _ body: () throws -> Void
    ) throws {
        let subject = try PersonalRegister(state).subject(of: user)
        try AuditLog(state).record(by: Operator.name, action, of: "\(subject.hex.prefix(16))", reason: reason, body)
    }
}

/// A user who gets no mails: a slip in the name must not look like one who got out.
struct NoSubscription: Fault {
    let user: String

    var code: String { "no-subscription" }
    var message: String { "\(PrintableText.escaped(user)) has no subscription." }
    var advice: String { "'marquee mail subscribers' lists those who have one." }
    var category: FaultCategory { .notFound }
}
