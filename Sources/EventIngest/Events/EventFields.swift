package import Domain
import Foundation

/// The fields of one event as slices of the message they stand in (or of the decoder's scratch memory).
package struct EventFields {
    var eventID = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var userID = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var itemID = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// Without a base address if the message has none.
    var reviewText = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var source = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var kind = EventKind.view
    var value: Float = 0
    var at = Timestamp(microseconds: 0)

    /// A copy that outlives the message.
    package var event: Event {
        Event(
            eventID: String(decoding: eventID, as: UTF8.self), userID: String(decoding: userID, as: UTF8.self),
            itemID: String(decoding: itemID, as: UTF8.self), kind: kind, value: value,
            reviewText: reviewText.baseAddress == nil ? nil : String(decoding: reviewText, as: UTF8.self), at: at,
            source: source.isEmpty ? "kafka" : String(decoding: source, as: UTF8.self))
    }
}

extension EventFields {
    /// Lends the fields of an event.
    static func withFields(of event: Event, _ body: (EventFields) -> Void) {
        var (eventID, userID, itemID, source) = (event.eventID, event.userID, event.itemID, event.source)
        var text = event.reviewText ?? ""
        eventID.withUTF8 { eventID in
            userID.withUTF8 { userID in
                itemID.withUTF8 { itemID in
                    source.withUTF8 { source in
                        text.withUTF8 { text in
                            body(
                                EventFields(
                                    eventID: eventID, userID: userID, itemID: itemID,
                                    reviewText: event.reviewText == nil ? .init(start: nil, count: 0) : text,
                                    source: source, kind: event.kind, value: event.value, at: event.at))
                        }
                    }
                }
            }
        }
    }
}

extension EventLimits {
    /// - Parameter latest: the latest time an event may have.
    @inline(__always)
    func check(_ fields: EventFields, latest: Timestamp) throws(RejectReason) {
        if let rule = brokenRule(idLength: fields.eventID.count) ?? brokenRule(idLength: fields.userID.count)
            ?? brokenRule(idLength: fields.itemID.count)
            ?? brokenRule(fields.kind, value: fields.value, at: fields.at, latest: latest)
        {
            throw RejectReason(rule)
        }
        guard fields.source.count <= idLength else { throw .longID }
        guard fields.reviewText.count <= textLength else { throw .longText }
    }
}

extension EventKind {
    /// The kind of a name on the wire.
    static func named(_ name: UnsafeBufferPointer<UInt8>) throws(RejectReason) -> EventKind {
        if name.equals("view") { return .view }
        if name.equals("like") { return .like }
        if name.equals("review") { return .review }
        throw .unknownKind
    }
}

extension UnsafeBufferPointer<UInt8> {
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        // With a length that the compiler knows this is one comparison of a word or two.
        count == text.utf8CodeUnitCount && memcmp(baseAddress!, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
