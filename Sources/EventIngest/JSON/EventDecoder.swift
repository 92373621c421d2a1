public import Domain
import Foundation

/// Reads the wire form of events:
///
/// ```json
/// {"event_id":"…","user_id":"…","item_id":"…","kind":"view","value":0.8,"at":"2026-11-20T12:00:00Z"}
/// ```
///
/// and optionally `"review_text"` and `"source"`. Fields come in any order; unknown fields are checked for form and
/// skipped; a known field that stands twice is refused, because two readers could pick different ones. Written by hand
/// over bytes because a general decoder costs microseconds an event; `JSONDecoder` is its oracle in tests.
///
/// One thread uses it at a time, and what its properties are lent to never calls back: so that those which every message
/// touches are not checked for exclusive access.
public final class EventDecoder {
    private let limits: EventLimits
    private var scratch: UnsafeMutableBufferPointer<UInt8>
    /// Whether the last message had escapes, so that slices of its event may lie in ``scratch``.
    @exclusivity(unchecked) package private(set) var lendsScratch = false
    /// By their place: the fields of the messages before. Producers write all messages alike.
    @exclusivity(unchecked) private var order = SIMD8<UInt8>()
    @exclusivity(unchecked) private var instants = InstantParser()
    /// The fields that the last message was refused for.
    @exclusivity(unchecked) private var refused: EventFields.Names = []

    public init(limits: EventLimits = EventLimits()) {
        self.limits = limits
        scratch = .allocate(capacity: 4096)
    }

    deinit { scratch.deallocate() }

    /// Decodes one message into an event.
    /// - Parameter now: the receiver's clock, for the time window.
    /// - Throws: the ``RejectReason``.
    public func event(from message: UnsafeRawBufferPointer, now: Timestamp) throws(RejectReason) -> Event {
        try decode(message, latest: latest(now)).event
    }

    /// The latest time an event may have, by the receiver's clock.
    package func latest(_ now: Timestamp) -> Timestamp { limits.latest(now) }

    /// The slices are valid as long as the message, or only until the next call where ``lendsScratch`` says so.
    package func decode(_ message: UnsafeRawBufferPointer, latest: Timestamp) throws(RejectReason) -> EventFields {
        lendsScratch = false
        refused = []
        guard message.count > 0 else { throw .empty }
        guard message.count <= limits.messageLength else { throw .tooLong }
        if message.count > scratch.count {
            scratch.deallocate()
            scratch = .allocate(capacity: message.count * 2)
        }
        var cursor = JSONCursor(message.bindMemory(to: UInt8.self), scratch: scratch.baseAddress!)
        var fields = EventFields()
        let seen = try readFields(&cursor, &fields)
        lendsScratch = cursor.usedScratch
        guard cursor.peek() == 0, cursor.position == cursor.end else { throw .malformed }
        guard seen & Field.required == Field.required else {
            refused = EventFields.Names(rawValue: Field.required & ~seen)
            throw .missingField
        }
        do throws(RejectReason) {
            try limits.check(fields, latest: latest)
        } catch {
            refused = limits.offenders(error, fields)
            throw error
        }
        return fields
    }

    private enum Field {
        static let eventID = EventFields.Names.eventID.rawValue
        static let userID = EventFields.Names.userID.rawValue
        static let itemID = EventFields.Names.itemID.rawValue
        static let kind = EventFields.Names.kind.rawValue
        static let value = EventFields.Names.value.rawValue
        static let at = EventFields.Names.at.rawValue
        static let text = EventFields.Names.reviewText.rawValue
        static let source = EventFields.Names.source.rawValue
        static let required = eventID | userID | itemID | kind | value | at
    }

    private func readFields(_ cursor: inout JSONCursor, _ fields: inout EventFields) throws(RejectReason) -> UInt8 {
        try cursor.expect(UInt8(ascii: "{"))
        var seen: UInt8 = 0
        if cursor.peek() == UInt8(ascii: "}") {
            cursor.position += 1
            return 0
        }
        var place = 0
        while true {
            let field = try field(&cursor, at: place)
            place += 1
            guard seen & field == 0 else {
                refused = EventFields.Names(rawValue: field)
                throw .duplicateField
            }
            // A null is an absent field.
            if field != 0, try cursor.null() == false {
                seen |= field
                do throws(RejectReason) {
                    try readValue(of: field, &cursor, &fields)
                } catch {
                    refused = EventFields.Names(rawValue: field)
                    throw error
                }
            } else if field == 0 {
                try cursor.skipValue()
            }
            guard cursor.peek() == UInt8(ascii: ",") else { break }
            cursor.position += 1
        }
        try cursor.expect(UInt8(ascii: "}"))
        return seen
    }

    @inline(__always)
    private func readValue(
        of field: UInt8, _ cursor: inout JSONCursor, _ fields: inout EventFields
    ) throws(RejectReason) {
        switch field {
        case Field.eventID: fields.eventID = try cursor.asciiString()
        case Field.userID: fields.userID = try cursor.asciiString()
        case Field.itemID: fields.itemID = try cursor.asciiString()
        case Field.text: fields.reviewText = try cursor.string()
        case Field.source: fields.source = try cursor.asciiString()
        case Field.value: fields.value = Float(try cursor.number())
        case Field.kind: fields.kind = try Self.kind(&cursor)
        default: fields.at = try instant(&cursor)
        }
    }

    /// Which field begins here, passing its name and the colon. The one that stood at this place last is looked for first.
    @inline(__always)
    private func field(_ cursor: inout JSONCursor, at place: Int) throws(RejectReason) -> UInt8 {
        if place < 8, Self.pass(order[place], &cursor) { return order[place] }
        guard cursor.peek() == UInt8(ascii: "\"") else { throw .malformed }
        let field = Self.field(named: try cursor.string())
        try cursor.expect(UInt8(ascii: ":"))
        if place < 8 { order[place] = field }
        return field
    }

    @inline(__always)
    private static func pass(_ field: UInt8, _ cursor: inout JSONCursor) -> Bool {
        switch field {
        case Field.eventID: cursor.pass(#""event_id":"#)
        case Field.userID: cursor.pass(#""user_id":"#)
        case Field.itemID: cursor.pass(#""item_id":"#)
        case Field.kind: cursor.pass(#""kind":"#)
        case Field.value: cursor.pass(#""value":"#)
        case Field.at: cursor.pass(#""at":"#)
        case Field.text: cursor.pass(#""review_text":"#)
        case Field.source: cursor.pass(#""source":"#)
        default: false
        }
    }

    private static func field(named name: UnsafeBufferPointer<UInt8>) -> UInt8 {
        switch name.count {
        case 2: name.equals("at") ? Field.at : 0
        case 4: name.equals("kind") ? Field.kind : 0
        case 5: name.equals("value") ? Field.value : 0
        case 6: name.equals("source") ? Field.source : 0
        case 7: name.equals("user_id") ? Field.userID : name.equals("item_id") ? Field.itemID : 0
        case 8: name.equals("event_id") ? Field.eventID : 0
        case 11: name.equals("review_text") ? Field.text : 0
        default: 0
        }
    }

    /// The names are looked for as they are written nearly always, without escapes.
    @inline(__always)
    private static func kind(_ cursor: inout JSONCursor) throws(RejectReason) -> EventKind {
        if cursor.pass(#""view""#) { return .view }
        if cursor.pass(#""like""#) { return .like }
        if cursor.pass(#""review""#) { return .review }
        return try EventKind.named(try cursor.string())
    }

    /// An instant of 20 characters needs no search for its end.
    @inline(__always)
    private func instant(_ cursor: inout JSONCursor) throws(RejectReason) -> Timestamp {
        let start = cursor.position
        if cursor.end - start >= 22, start[0] == UInt8(ascii: "\""), start[21] == UInt8(ascii: "\""),
            let at = instants.parseOnSameDay(UnsafeBufferPointer(start: start + 1, count: 20))
        {
            cursor.position = start + 22
            return at
        }
        guard let at = instants.parse(try cursor.string()) else { throw .invalidTime }
        return at
    }
}

extension EventDecoder: EventMessageDecoder {
    /// The names of the fields that the last message was refused for, such as `user_id, at`.
    package var explanation: String? { refused.explanation }
}
