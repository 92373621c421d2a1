public import Columnar
public import Domain
public import EventIngest
internal import Foundation
public import Operations

/// Makes a fresh list for each user with new events, and writes down in the state what is to be told of it: webhooks in the
/// outbox, and the list itself for the next digest by mail.
///
/// Offsets and messages are one transaction of the state. So after a crash at any instant each event has brought its list
/// into the outbox once; from there webhooks and mails go out at least once, under names that stay the same.
public final class NoticeSink: EventSink {
    public let name = "notices"
    private let lists: any ListSource
    private let endpoints: [String]
    private let wanted: @Sendable (_ users: [String]) throws -> Set<ExactText>
    private let since: Timestamp
    private let ledger: DeliveryLedger
    private let outbox: Outbox
    private let isUnwanted: @Sendable () -> Bool
    private var version: Int64 = 0
    private static let log = Log("deliver")
    private let made = Metrics.shared.counter(
        "marquee_notice_lists_total", help: "Lists that were written down for webhooks and mails.")
    private static let consumer = "notices"

    /// With so many messages waiting for the endpoints no more are written down: what is not read stays in Kafka.
    public static let mostWaiting = 100_000

    /// - Parameters:
    ///   - webhooks: who is told of each list; nil for nobody.
    ///   - digested: those of some users whose list is kept for the next digest.
    ///   - since: events of before bring no list.
    ///   - isUnwanted: asked while it waits for room; a commit is given up once it is true.
    public init(
        _ state: StateDatabase, lists: any ListSource, webhooks: WebhookSender?,
        digested: @escaping @Sendable (_ users: [String]) throws -> Set<ExactText> = { _ in [] }, since: Timestamp,
        isUnwanted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.lists = lists
        endpoints = webhooks?.addresses ?? []
        wanted = digested
        self.since = since
        self.isUnwanted = isUnwanted
        ledger = DeliveryLedger(state)
        outbox = Outbox(state)
    }

    public func offsets() throws -> [String: Int64] { try ledger.offsets(of: Self.consumer) }

    /// There are no dead letters here.
    public func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> { [] }

    public func commit(_ batches: [RecordBatch], advancing steps: [OffsetAdvance]) throws -> SinkOutcome {
        let events = try batches.flatMap { try DeliveredEvents.read($0) }
        lists.remember(events)
        var newest: [ExactText: (event: String, count: Int)] = [:]
        var users: [String] = []
        for event in events where event.at >= since {
            let user = ExactText(event.userID)
            let known = newest.updateValue((event.eventID, (newest[user]?.count ?? 0) + 1), forKey: user)
            if known == nil { users.append(event.userID) }
        }
        let digested = try wanted(users)
        if endpoints.isEmpty { users.removeAll { !digested.contains(ExactText($0)) } }
        let fresh = users.isEmpty ? [] : try lists.lists(for: users)
        try waitForRoom()
        let messages = fresh.flatMap { list -> [Outbox.Draft] in
            guard let due = newest[ExactText(list.userID)] else { return [] }
            let message = WebhookMessage("list.created", at: list.generatedAt) {
                list.write(trigger: due.event, events: due.count, to: &$0)
            }
            return endpoints.map { endpoint in
                let id = Outbox.newID()
                return Outbox.Draft(message.type, to: endpoint, id: id, body: message.body(id: id))
            }
        }
        let kept = try fresh.filter { digested.contains(ExactText($0.userID)) }.map { list in
            DeliveryLedger.DigestList(
                userID: list.userID, generatedAt: list.generatedAt, document: try DigestEntry(list).document)
        }
        let other = try ledger.commit(
            Self.consumer, steps.map { .init(source: $0.appID, from: $0.from, to: $0.to) }, messages: messages,
            lists: kept)
        if let other { return .overtaken(detail: "\(other) was moved on by another deliverer with this state") }
        made.increment(by: fresh.count)
        version += 1
        return .committed(version: version)
    }

    private func waitForRoom() throws {
        var hasWarned = false
        while try outbox.waiting(for: endpoints) > Self.mostWaiting {
            if isUnwanted() { throw CancellationError() }
            if !hasWarned {
                Self.log.warning(
                    "too many webhooks wait for their receivers; no more events are read until some are delivered",
                    ["waiting": Self.mostWaiting, "advice": "marquee webhooks list --standing pending"])
                hasWarned = true
            }
            Thread.sleep(forTimeInterval: 1)
        }
    }
}

/// Where messages go that are no events: `marquee ingest` keeps them whole, here they are passed over.
public final class RefusedMessages: EventSink {
    public let name = "refused messages"
    private var version: Int64 = 0

    public init() {}
    public func offsets() throws -> [String: Int64] { [:] }
    public func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> { [] }

    public func commit(_ batches: [RecordBatch], advancing steps: [OffsetAdvance]) throws -> SinkOutcome {
        version += 1
        return .committed(version: version)
    }
}

extension DeliveredList {
    /// The members of `data` of `list.created`.
    fileprivate func write(trigger: String, events: Int, to json: inout JSONWriter) {
        json.field("user_id", userID)
        json.field("recommendation_id", recommendationID)
        json.field("model", modelID)
        json.field("generated_at", generatedAt.description)
        json.field("trigger_event_id", trigger)
        json.field("events", events)
        json.name("items")
        json.array { json in
            for (place, item) in items.enumerated() {
                json.object { json in
                    json.field("rank", place + 1)
                    json.field("item_id", item.itemID)
                    if let title = item.title { json.field("title", title) }
                    json.field("score", item.score)
                    json.name("reasons")
                    json.value(json: item.reasons)
                }
            }
        }
    }
}
