public import Domain
internal import HTTPClient
public import Operations

/// Mails digests of new lists, each digest to each of its readers in one mail.
///
/// When an interval is over its mails are written into the outbox, and the lists they tell of are taken away, in one
/// transaction of the state: however often the process restarts a digest is made once. A mail keeps its `Message-ID` over
/// all attempts.
///
/// Until the last bytes of a mail are on the wire its server cannot have taken it: a process that is killed before that
/// sends it again. Before those bytes leave, the mail is written down as handed over. One that was, and whose answer
/// nobody has written down because the process was killed, has most likely arrived: it is not sent again by itself, but
/// kept as given up, with that reason. SMTP has no way to ask. If it is the connection that breaks there, the mail is sent
/// again, as mail servers do (RFC 5321, 4.5.4.1), and may then be there twice under one `Message-ID`.
///
/// What is wrong with the server (no connection, certificate, password, 421) holds up all mails and costs none of them an
/// attempt: it is tried again after 10 s, 20 s … an hour. A mail that is refused for now (4xx), that may have arrived, or at
/// which a server hangs up that takes part otherwise, is tried again ``DigestSettings/attempts`` times; one that is refused for
/// good (5xx) is dead, and stays in the outbox.
public final class DigestService: Service {
    public let name = "mail"
    private let settings: DigestSettings
    private let outbox: Outbox
    private let ledger: DeliveryLedger
    private let register: PersonalRegister
    private let subscriptions: MailSubscriptions
    private let transport: MailTransport
    /// Looks how the server is, and is quick about it: a mail is in hand meanwhile.
    private let prober: MailTransport
    private static let log = Log("mail")
    private static let endpoint = Outbox.mail
    private static let dueMark = "digest due"
    private static let sentMark = "mail sent"
    private static let inDoubt =
        "it was handed to the server and this program ended before the answer: it may have arrived"

    /// Connects to nothing yet.
    public init(_ settings: DigestSettings, state: StateDatabase) {
        self.settings = settings
        outbox = Outbox(state)
        ledger = DeliveryLedger(state)
        register = PersonalRegister(state)
        subscriptions = MailSubscriptions(state)
        transport = MailTransport(settings.server, timeout: settings.timeout)
        prober = MailTransport(settings.server, timeout: min(settings.timeout, .seconds(20)))
    }

    /// Those of these users whose lists are to be kept for a digest. Blocks.
    public func wanted(_ users: [String]) throws -> Set<ExactText> {
        let choices = try register.table()
        let subscribed = settings.operators.isEmpty ? try subscriptions.of(users) : nil
        return Set(
            users.lazy.map { ExactText($0) }.filter { user in
                choices.choice(of: user.text).allows(.personal) && (subscribed == nil || subscribed?[user] != nil)
            })
    }

    /// Mails that are written down and not sent. Blocks.
    public func waiting() throws -> Int { try outbox.waiting(for: [Self.endpoint]) }

    /// Makes digests and sends them until it is cancelled.
    /// - Throws: `SQLiteError.gone` if the state must stay and does not.
    public func run() async throws {
        var trouble = 0
        // What is wrong with the server is better known now than when the first digest is due.
        _ = await BlockingStep.run { [self] isStopping in look(isStopping) }
        while !Task.isCancelled {
            switch await BlockingStep.run({ [self] isStopping in try step(isStopping) }) {
            case .success(.sent): trouble = 0
            case .success(.nothing): try? await Task.sleep(for: .milliseconds(500))
            case .success(.tooEarly(let seconds)): try? await Task.sleep(for: .seconds(min(seconds, 1)))
            case .success(.serverTrouble):
                trouble += 1
                try? await Task.sleep(for: pause(after: trouble, longest: .seconds(3600)))
            case .failure(let error as SQLiteError) where error.isGone: throw error
            case .failure(let error):
                Self.log.error("the state cannot be used", ["why": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
            }
        }
        await BlockingStep.close(transport)
    }

    /// Makes the digest if it is due and sends what is due, for a while at most: for a process that is about to end.
    public func flush(within limit: Duration) async {
        let end = ContinuousClock.now + limit
        loop: while ContinuousClock.now < end, !Task.isCancelled {
            switch await BlockingStep.run({ [self] isStopping in try step(isStopping) }) {
            case .success(.sent): continue
            case .success(.tooEarly(let seconds)): try? await Task.sleep(for: .seconds(min(seconds, 1)))
            case .success(.nothing), .success(.serverTrouble), .failure: break loop
            }
        }
        await BlockingStep.close(transport)
    }

    private func look(_ isStopping: @escaping @Sendable () -> Bool) {
        if let trouble = trouble(isStopping), trouble != .stopped { tell(trouble) }
    }

    /// Why the server takes no mail at all; nil if it would.
    private func trouble(_ isStopping: @escaping @Sendable () -> Bool) -> MailError? {
        defer { prober.close() }
        do throws(MailError) { try prober.check(isUnwanted: isStopping) } catch { return error }
        return nil
    }

    private func tell(_ error: MailError) {
        count("server-trouble")
        Self.log.warning(
            "the mail server does not take part; it is tried again, and no mail is lost",
            ["why": error.message, "advice": error.advice])
    }

    // MARK: One step

    private enum Step: Sendable {
        case sent, nothing, serverTrouble
        /// The rate allows the next mail in so many seconds.
        case tooEarly(Double)
    }

    private func step(_ isStopping: @escaping @Sendable () -> Bool) throws -> Step {
        try closeDigest(at: .now)
        try outbox.reclaim()
        for id in try outbox.doubtful(for: Self.endpoint) {
            count("in-doubt")
            Self.log.error(
                "a mail may have arrived or not, and is not sent again by itself",
                ["mail": id, "why": Self.inDoubt, "advice": "marquee mail retry \(id)"])
        }
        guard let due = try outbox.next(for: Self.endpoint), due <= .now else { return .nothing }
        if let wait = try takeSlot() { return .tooEarly(wait) }
        let term = settings.timeout + .seconds(30)
        guard let message = try outbox.claim(for: Self.endpoint, term: term).first else { return .nothing }
        return try send(message, isStopping)
    }

    /// Counts a mail against the rate, before it is sent and in the state, so that restarts do not raise it.
    /// - Returns: seconds to wait; nil if it may be sent now.
    private func takeSlot() throws -> Double? {
        let now = Timestamp.now.microseconds
        let gap = 60_000_000 / Int64(settings.rate)
        let last = try ledger.mark(Self.sentMark)
        // A clock that was set back must not hold up mail.
        if let last, last <= now, now - last < gap { return Double(gap - (now - last)) / 1e6 }
        return try ledger.move(Self.sentMark, from: last, to: now) ? nil : 0.05
    }

    private func send(_ message: Outbox.Message, _ isStopping: @escaping @Sendable () -> Bool) throws -> Step {
        let mail: MailMessage
        do {
            guard let wanted = try stillWanted(DigestMail(document: message.body)) else {
                try outbox.withdraw(message.id)
                count("withdrawn")
                return .sent
            }
            mail = try wanted.message()
        } catch let error as SQLiteError {
            throw error
        } catch {
            try outbox.settle([(message.id, .dead(reason: "what is written down is no digest: \(error)"))])
            return .sent
        }
        do throws(MailError) {
            try transport.send(
                mail.bytes, from: mail.from.address, to: mail.to.address, isUnwanted: isStopping,
                mayFinish: { [outbox] in (try? outbox.handOver(message.id, reason: Self.inDoubt)) ?? false })
        } catch {
            return try settle(message, error, isStopping)
        }
        try outbox.settle([(message.id, .delivered)])
        count("delivered")
        Self.log.debug("mailed", ["mail": message.id])
        return .sent
    }

    /// Without those who have objected, unsubscribed or begun to be erased since it was written down; nil if nothing is left.
    private func stillWanted(_ mail: DigestMail) throws -> DigestMail? {
        let choices = try register.table()
        var mail = mail
        mail.data.lists.removeAll { !choices.choice(of: $0.user).allows(.personal) }
        if let user = mail.data.user, try subscriptions.of([user])[ExactText(user)]?.address != mail.to { return nil }
        return mail.data.lists.isEmpty && mail.data.more == 0 ? nil : mail
    }

    private func settle(
        _ message: Outbox.Message, _ failure: MailError, _ isStopping: @escaping @Sendable () -> Bool
    ) throws -> Step {
        // Where the connection ended within a mail, the server may have gone, or may not bear this one.
        let error = failure.endedWithin ? trouble(isStopping) ?? failure : failure
        if error.isAboutServer {
            try outbox.settle([(message.id, .unsent(until: .now, reason: error.message))])
            if error == .stopped { return .nothing }
            tell(error)
            return .serverTrouble
        }
        var isFinal = message.attempts >= settings.attempts
        if case .refused(_, _, true) = error { isFinal = true }
        guard isFinal else {
            let pause = pause(after: message.attempts, longest: .seconds(6 * 3600))
            try outbox.settle([
                (message.id, .again(at: Timestamp.now.advanced(bySeconds: pause.inSeconds), reason: error.message))
            ])
            count("failed")
            Self.log.warning(
                "a mail was not taken; it is tried again",
                [
                    "mail": message.id, "attempt": message.attempts, "why": error.message,
                    "in_seconds": pause.inSeconds.rounded(),
                ])
            return .sent
        }
        try outbox.settle([(message.id, .dead(reason: error.message))])
        count("dead")
        Self.log.error(
            "a mail was not taken and is given up",
            [
                "mail": message.id, "attempts": message.attempts, "why": error.message,
                "advice": "marquee mail retry \(message.id)",
            ])
        return .sent
    }

    private func pause(after attempt: Int, longest: Duration) -> Duration {
        RetryPause.after(attempt, first: settings.firstPause, longest: longest)
    }

    private func count(_ outcome: String) {
        Metrics.shared.counter(
            "marquee_mail_attempts_total", help: "Attempts to send a mail, by how they ended.",
            labels: ["outcome": outcome]
        ).increment()
    }

    // MARK: Digests

    /// Writes the mails of an interval that is over; of several that passed meanwhile, all in one.
    func closeDigest(at now: Timestamp) throws {
        let interval = Int64(settings.interval * 1e6)
        let next = (now.microseconds / interval + 1) * interval
        let due = try ledger.mark(Self.dueMark, else: next)
        // An interval that was made shorter, or a clock that was set back, does not wait for the old one.
        guard due <= now.microseconds else {
            if due > next { try ledger.move(Self.dueMark, from: due, to: next) }
            return
        }
        // Lists wait as one for each user, mails do not: a server that is away for long gets no heap of them.
        guard try outbox.waiting(for: [Self.endpoint]) < Self.mostWaiting else { return }
        // Read before, as the state is held while the digest closes.
        let (choices, subscribed) = (try register.table(), try subscriptions.all())
        let addresses = Dictionary(uniqueKeysWithValues: subscribed.map { (ExactText($0.userID), $0) })
        try ledger.closeDigest(Self.dueMark, from: due, to: next) { lists in
            try self.mails(of: lists.filter { choices.choice(of: $0.userID).allows(.personal) }, to: addresses, at: now)
        }
    }

    /// With so many mails waiting no more are written down.
    private static let mostWaiting = 100_000

    private func mails(
        of lists: [DeliveryLedger.DigestList], to addresses: [ExactText: MailSubscriptions.Subscription],
        at now: Timestamp
    ) throws -> [Outbox.Draft] {
        guard !lists.isEmpty else { return [] }
        var drafts: [Outbox.Draft] = []
        if !settings.operators.isEmpty {
            let shown = lists.prefix(DigestText.mostLists).compactMap { try? DigestEntry(document: $0.document) }
            let body = DigestMail.Body(user: nil, lists: shown, more: lists.count - shown.count)
            for address in settings.operators { drafts.append(try draft(to: address, nil, body, now)) }
        }
        for list in lists {
            guard let subscription = addresses[ExactText(list.userID)],
                let address = try? MailAddress(subscription.address),
                let entry = try? DigestEntry(document: list.document)
            else { continue }
            let body = DigestMail.Body(user: list.userID, lists: [entry], more: 0)
            drafts.append(try draft(to: address, subscription.token, body, now))
        }
        return drafts
    }

    private func draft(
        to address: MailAddress, _ token: String?, _ body: DigestMail.Body, _ now: Timestamp
    ) throws -> Outbox.Draft {
        let id = Outbox.newID()
        let mail = DigestMail(
            id: "\(id)@\(settings.from.domain)", at: now, from: settings.from, to: address,
            unsubscribe: settings.unsubscribe(token), data: body)
        return Outbox.Draft("digest", to: Self.endpoint, id: id, body: try mail.document)
    }
}

/// The door for what blocks here.
private enum BlockingStep {
    static func run<R: Sendable>(
        _ body: @escaping @Sendable (@escaping @Sendable () -> Bool) throws -> R
    ) async -> Result<R, any Error> {
        do {
            return .success(
                try await BlockingWork.run("mail") { flag in
                    try body { flag.isSet }
                })
        } catch {
            return .failure(error)
        }
    }

    static func close(_ transport: MailTransport) async {
        try? await BlockingWork.run("mail") { _ in transport.close() }
    }
}
