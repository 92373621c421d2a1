import Delivery
import Domain
import EventIngest
import Operations
import Platform
import PostgreSQL
import Serving
import Store
import Synchronization
import Trainer

/// `marquee deliver`
enum DeliverCommand {
    private static let migrate = Option<Bool>.flag(
        "migrate", "Make the schema marquee, or bring it up to this version, and end.")
    private static let number = Option<Int>.integer(
        "list-length", in: 1...500, default: 10, "Items of each list.")

    private static let since = Option<Timestamp>.time(
        "since", "Tell by webhook and mail of events from this time on; of those from the first start on by default.")

    static let command: Command = Command(
        path: ["deliver"], summary: "Bring events, and each user's new list, to PostgreSQL, webhooks and mail.",
        details: """
            Follows the topics movie-views, movie-likes and movie-reviews. Each user with new events gets a fresh list: one
            for all events of a second. Any of these may be given, alone or together:
            --postgres: each event becomes a row of marquee.events, each list rows of marquee.recommendations. The offsets
            of Kafka are stored in the same transaction: after a crash at any instant, of this program or of the server, the
            next run goes on where the database says. See docs/delivery-postgresql.md.
            --webhook: each list is POSTed as signed JSON, and each change of the model in service. Offsets and messages are
            one transaction of --state; from there they are sent at least once. See docs/webhooks.md.
            --smtp: digests of new lists, to operators (--mail-to) and to users (marquee mail subscribe). See docs/mail.md.
            With --until-end the exit status is 75 if messages are left that wait to be sent; the next run goes on with them.
            """,
        options: [
            Options.postgres.spec, migrate.spec,
        ] + WebhookOptions.specs + MailOptions.specs + [
            since.spec, Options.stateFolder.spec, Options.models.spec, Options.store.spec,
            Options.bootstrapServers.spec,
            Options.kafkaConfig.spec, Options.untilEnd.spec, Options.group.spec, number.spec, Options.commitRows.spec,
            Options.commitBytes.spec, Options.commitInterval.spec, Options.unknownItems.spec, Options.onDataLoss.spec,
            Options.cluster.spec, Options.metricsPort.spec, Options.metricsHost.spec, Options.reportEvery.spec,
            Options.keepText.spec, Options.pseudonymiseKey.spec, Options.eventFormat.spec, Options.schemaRegistry.spec,
            Options.schemaRegistryUser.spec,
            Options.schemaRegistryPassword.spec,
        ],
        takesKafkaProperties: true,
        examples: [
            .init(
                line: "deliver --postgres postgresql://owner@db/films --migrate",
                meaning: "Makes tables and views, once and after each new version."),
            .init(
                line: "deliver --postgres postgresql://marquee@db/films --models models --store data "
                    + "--bootstrap-servers localhost:9092",
                meaning: "Delivers until Ctrl-C; the password comes from ~/.pgpass or PGPASSWORD."),
            .init(
                line: "deliver --webhook https://example.org/hook --webhook-secret-file hook.secret --models models "
                    + "--store data --bootstrap-servers localhost:9092",
                meaning: "POSTs each new list, and tells of promotions and rollbacks."),
            .init(
                line: "deliver --smtp smtps://films@mail.example.org --smtp-password-file smtp.password "
                    + "--mail-from films@example.org --mail-to ops@example.org --digest-every 1h --models models "
                    + "--store data --bootstrap-servers localhost:9092",
                meaning: "Mails a digest of all users' new lists every hour."),
        ]
    ) { invocation in
        let address = try invocation.optional(Options.postgres).map { try Self.address($0) }
        if try invocation.value(migrate) {
            return try await makeSchema(try address ?? Self.address(invocation.value(Options.postgres)))
        }
        // What was sent is known by it: with another one it would be sent again.
        let state = StateDatabase(folder: try invocation.value(Options.stateFolder), mustStay: true)
        let webhooks = try WebhookOptions.sender(invocation, state)
        let digests = try MailOptions.service(invocation, state)
        try invocation.needOne(
            of: ["--postgres URL", "--webhook URL", "--smtp URL"], address != nil || webhooks != nil || digests != nil)
        if webhooks != nil || digests != nil, !state.exists, invocation.optional(since) == nil {
            Log("deliver").info("a new state is made: events from now on bring lists", ["folder": state.folder])
        }
        if let address { try await BlockingWork.run("postgres") { _ in try DeliveryService.check(address) } }
        let store = try invocation.store()
        let registry = try invocation.registry()
        var serving = ServingConfiguration()
        serving.unknownItems = UnknownItems(rawValue: try invocation.value(Options.unknownItems)) ?? .hide
        let lists = try await DeliveryLists(
            registry: registry, catalogue: StoredCatalogue(store: store), configuration: serving,
            count: try invocation.value(number), state: state)
        let watch = try ProgressWatch(invocation)
        var notices: NoticeDelivery?
        var targets: [any Service] = []
        var statuses = [lists.status]
        if let address {
            let service = DeliveryService(
                try await configuration(invocation, to: .postgres), to: address, lists: lists,
                reportEvery: watch.reportEvery, onProgress: watch.progress(of: .postgres))
            targets.append(service)
            statuses.append(service.status)
        }
        if webhooks != nil || digests != nil {
            let service = try NoticeDelivery(
                try await configuration(invocation, to: .notices),
                state: state, lists: lists, webhooks: webhooks, digests: digests, since: invocation.optional(since),
                reportEvery: watch.reportEvery, onProgress: watch.progress(of: .notices))
            notices = service
            targets.append(service)
            statuses.append(service.status)
        }
        var group = ServiceGroup()
        if let port = invocation.optional(Options.metricsPort) {
            group.add(
                try HTTPService.aboutProcess(
                    host: try invocation.value(Options.metricsHost), port: port, watching: statuses))
        }
        for part in lists.services { group.add(part) }
        if let webhooks { group.add(ModelWatch(registry: registry, webhooks: webhooks)) }
        group.add(DeliveryTargets(targets))
        let outcome = try await group.run()
        watch.finish()
        guard try invocation.value(Options.untilEnd) else { return }
        if case .stopped = outcome { try Task.checkCancellation() }
        try await tellWhatWaits(in: notices)
    }

    /// - Throws: ``CommandStatus/busy`` if something does.
    private static func tellWhatWaits(in notices: NoticeDelivery?) async throws {
        guard let notices else { return }
        let (webhooks, mails) = try await BlockingWork.run("outbox") { _ in try notices.waiting() }
        let parts = [("webhook", webhooks), ("mail", mails)].filter { $0.1 > 0 }
        guard !parts.isEmpty else { return }
        let words = parts.map { "\(Figure.count($0.1)) \($0.0)\($0.1 == 1 ? "" : "s")" }.joined(separator: " and ")
        let commands = parts.map { "'marquee \($0.0 == "mail" ? "mail" : "webhooks") list'" }.joined(separator: " and ")
        StandardError.write(
            line: "deliver: \(words) not sent: they wait for the next run; \(commands) says why")
        throw CommandStatus.busy
    }

    /// Who reads the topics: each has offsets of its own.
    private enum Reader: String, CaseIterable {
        case postgres, notices
    }

    /// Shows how far the readers are.
    private final class ProgressWatch: Sendable {
        /// Nil where a bar is shown instead.
        let reportEvery: Duration?
        private let bar = ProgressBar("deliver", total: nil, unit: "events")
        private let newest = Mutex<[Reader: IngestProgress]>([:])

        init(_ invocation: Invocation) throws {
            let isWatched = try StandardError.isTerminal || invocation.value(Options.untilEnd)
            reportEvery = isWatched ? nil : .seconds(try invocation.value(Options.reportEvery))
        }

        func progress(of reader: Reader) -> @Sendable (IngestProgress) -> Void {
            { [self] progress in
                let all = newest.withLock { newest in
                    newest[reader] = progress
                    return newest
                }
                guard reportEvery == nil else { return }
                let lag = all.values.allSatisfy { $0.lag != nil } ? all.values.map { $0.lag ?? 0 }.max() : nil
                bar.update(
                    all.values.map { $0.rows + $0.known }.min() ?? 0,
                    note: lag.map { "\(Figure.count(Int($0))) behind" } ?? "Kafka is away")
            }
        }

        func finish() {
            bar.finish()
            let all = newest.withLock { $0 }
            for reader in Reader.allCases {
                guard let progress = all[reader] else { continue }
                StandardOutput.write(
                    prose: reader == .postgres
                        ? progress.summary : progress.summary(of: "followed \(Figure.count(progress.rows)) events"))
            }
        }
    }

    private static func makeSchema(_ address: PostgresAddress) async throws {
        let steps = try await BlockingWork.run("migrate") { _ in
            try DeliverySchema.migrate(try PostgresConnection(address))
        }
        let done = steps.isEmpty ? "nothing to do" : "made \(steps.joined(separator: ", "))"
        StandardOutput.write(
            line: "the schema marquee at \(address) has version \(DeliverySchema.version): \(done)")
    }

    /// The address, whose password no log line shows from now on.
    static func address(_ text: String) throws -> PostgresAddress {
        let address = try PostgresAddress(text)
        if let password = address.password { Secrets.register(password) }
        return address
    }

    private static func configuration(
        _ invocation: Invocation, to reader: Reader
    ) async throws -> IngestConfiguration {
        let store = try invocation.store()
        let format = try KafkaOptions.registry(invocation).map { EventFormat.avro($0) } ?? .json
        let keepsText = try invocation.value(Options.keepText)
        let pseudonyms = try invocation.pseudonyms()
        let route = try await BlockingWork.run("routes") { _ in
            try store.checkPseudonyms(pseudonyms?.keyID)
            // A database tells what was sent twice, however long ago the first was.
            return EventTable.route(
                format: format, duplicates: reader == .postgres ? nil : DuplicatePolicy(), keepingText: keepsText,
                pseudonyms: pseudonyms)
        }
        var configuration = IngestConfiguration(
            store: store, kafka: try KafkaOptions.properties(invocation), routes: [route])
        let suffix = reader == .postgres ? "" : "-\(reader.rawValue)"
        configuration.pseudonymKey = pseudonyms?.keyID
        configuration.group = "marquee-deliver" + suffix
        if let group = invocation.optional(Options.group) {
            configuration.group = group + suffix
            configuration.sharing = .group
        }
        configuration.commit = CommitPolicy(
            rows: min(try invocation.value(Options.commitRows), 100_000),
            bytes: try invocation.value(Options.commitBytes), age: try invocation.value(Options.commitInterval))
        configuration.onDataLoss = try invocation.value(Options.onDataLoss)
        configuration.cluster = invocation.optional(Options.cluster)
        configuration.untilEnd = try invocation.value(Options.untilEnd)
        return configuration
    }
}
