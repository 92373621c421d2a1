internal import Domain
internal import HTTPServer
internal import Operations

/// Reads the events of one request. All of them are good or none is taken: the problem names the first that is not,
/// counted from 1.
struct EventParser {
    static let maximumEvents = 10_000

    let now: Timestamp
    /// What the ingester will ask of the same events.
    var limits = EventLimits()

    func events(of request: HTTPRequest) throws(ServingError) -> [Event] {
        let records = WireRecords(name: "event", most: Self.maximumEvents) { .badEvent(number: $0, reason: $1) }
        let wire: [WireEvent] = try records.read(request)
        var events: [Event] = []
        events.reserveCapacity(wire.count)
        for (position, event) in wire.enumerated() {
            events.append(try checked(event, number: position + 1))
        }
        return events
    }

    private func checked(_ wire: WireEvent, number: Int) throws(ServingError) -> Event {
        func refuse(_ reason: String) -> ServingError { .badEvent(number: number, reason: reason) }
        if let unknown = wire.unknown { throw refuse("there is no field \(unknown)") }
        for (name, id) in [("user_id", wire.userID), ("item_id", wire.itemID), ("event_id", wire.eventID ?? "-")]
        where !(1...limits.idLength).contains(id.utf8.count) {
            throw refuse("\(name) must have 1 to \(limits.idLength) bytes")
        }
        // No path could name it: they are refused there.
        for (name, id) in [("user_id", wire.userID), ("item_id", wire.itemID), ("event_id", wire.eventID ?? "-")]
        where id.hasControlCharacter {
            throw refuse("\(name) must not have control characters")
        }
        guard let kind = EventKind(name: wire.kind) else { throw refuse("kind must be view, like or review") }
        let value = Float(wire.value)
        guard kind.accepts(value) else { throw refuse("a \(kind.name) has no value \(wire.value)") }
        if wire.reviewText != nil, kind != .review { throw refuse("only a review has a review_text") }
        guard wire.reviewText?.utf8.count ?? 0 <= limits.textLength else {
            throw refuse("review_text may have \(limits.textLength) bytes")
        }
        var at = now
        if let text = wire.at {
            guard let parsed = Timestamp(text) else {
                throw refuse("at must be an RFC 3339 time such as 2026-11-20T12:00:00Z")
            }
            guard parsed >= limits.earliest, parsed <= limits.latest(now) else {
                throw refuse("at must lie between 1980 and an hour from now")
            }
            at = parsed
        }
        return Event(
            eventID: wire.eventID ?? "rest-\(RequestID.next())", userID: wire.userID, itemID: wire.itemID, kind: kind,
            value: value, reviewText: wire.reviewText, at: at, source: "rest")
    }
}

/// One event as sent, with the first field that is none of ours.
private struct WireEvent: WireRecord {
    var eventID: String?
    var userID: String
    var itemID: String
    var kind: String
    var value: Double
    var reviewText: String?
    var at: String?
    var unknown: String?

    private static let known = Set([
        EventField.eventID, EventField.userID, EventField.itemID, EventField.kind, EventField.value,
        EventField.reviewText, EventField.at,
    ])

    init(_ members: WireMembers) throws(WireFlaw) {
        eventID = try members.textIfPresent(EventField.eventID)
        userID = try members.text(EventField.userID)
        itemID = try members.text(EventField.itemID)
        kind = try members.text(EventField.kind)
        value = try members.number(EventField.value)
        reviewText = try members.textIfPresent(EventField.reviewText)
        at = try members.textIfPresent(EventField.at)
        unknown = members.unknown(beside: Self.known)
    }
}
