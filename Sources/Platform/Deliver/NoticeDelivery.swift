public import Delivery
public import Domain
public import EventIngest
public import Operations
internal import Store

/// Follows the topics of events and tells of each user's new list: webhooks at once, mail by digest.
public final class NoticeDelivery: Service {
    public let name = "notices"
    private let ingest: IngestService
    private let webhooks: WebhookSender?
    private let digests: DigestService?
    private let isBounded: Bool

    /// - Parameters:
    ///   - configuration: its routes must be those of events alone.
    ///   - lists: must be run by somebody.
    ///   - webhooks: is run here.
    ///   - digests: is run here.
    ///   - since: events of before bring no list; nil stands for the first start with this state.
    ///   - reportEvery: how often a line tells the figures; nil for never.
    /// - Throws: `SQLiteError`.
    public init(
        _ configuration: IngestConfiguration, state: StateDatabase, lists: any ListSource, webhooks: WebhookSender?,
        digests: DigestService?, since: Timestamp?, reportEvery: Duration? = nil,
        onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) throws {
        self.webhooks = webhooks
        self.digests = digests
        isBounded = configuration.untilEnd
        let begun = try Self.begin(since, DeliveryLedger(state))
        ingest = IngestService(
            configuration, name: name, reportEvery: reportEvery, onProgress: onProgress,
            sinks: .only { table, isStopping in
                guard table == .events else { return RefusedMessages() }
                return NoticeSink(
                    state, lists: lists, webhooks: webhooks, digested: { try digests?.wanted($0) ?? [] },
                    since: begun, isUnwanted: isStopping)
            })
    }

    /// What was given, or else what was written down before, or else now; it is written down.
    private static func begin(_ since: Timestamp?, _ ledger: DeliveryLedger) throws -> Timestamp {
        let name = "notices since"
        // Events of the second in which it began count: many senders write whole seconds.
        let now = Timestamp(seconds: Timestamp.now.seconds)
        let known = try ledger.mark(name, else: (since ?? now).microseconds)
        guard let since, since.microseconds != known else { return Timestamp(microseconds: known) }
        try ledger.move(name, from: known, to: since.microseconds)
        return since
    }

    /// How long a run to the end tries to get rid of what it has written down. What is left waits for the next run.
    public static let lastMinutes = Duration.seconds(60)

    /// The newest figures.
    public var progress: IngestProgress { ingest.progress }

    /// Not ready while something is being retried.
    public var status: ServiceStatus { ingest.status }

    /// What is written down and not sent: after a run to the end it waits for the next one. Blocks.
    /// - Throws: `SQLiteError`.
    public func waiting() throws -> (webhooks: Int, mails: Int) {
        (try webhooks?.waiting() ?? 0, try digests?.waiting() ?? 0)
    }

    /// Delivers until cancelled, or to the end if the configuration asks for it.
    /// - Throws: what ends the reading; `SQLiteError.gone` if the state must stay and does not.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            func add(_ isReader: Bool, _ member: any Service) {
                group.addTask {
                    try await member.run()
                    return isReader
                }
            }
            if let webhooks { add(false, webhooks) }
            if let digests { add(false, digests) }
            add(true, ingest)
            defer { group.cancelAll() }
            // Whoever of them fails ends all.
            while try await group.next() == false {}
            guard isBounded, !Task.isCancelled else { return }
            group.cancelAll()
            try await group.waitForAll()
            await webhooks?.flush(within: Self.lastMinutes)
            await digests?.flush(within: Self.lastMinutes)
        }
    }
}
