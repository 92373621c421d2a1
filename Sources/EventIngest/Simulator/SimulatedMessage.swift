public import Domain

/// What the simulator sends: an event, or bytes that must end in the dead letters.
public enum SimulatedMessage: Sendable {
    case event(Event)
    /// The bytes, and the event they were before they were damaged.
    case malformed([UInt8], Event)

    public var topic: String { event.kind.topic }
    public var event: Event {
        switch self {
        case .event(let event), .malformed(_, let event): event
        }
    }
}

/// Ways in which real producers get it wrong.
enum Malformed {
    static func damage(_ event: Event, _ random: inout SeededGenerator) -> [UInt8] {
        var event = event
        var bytes: [UInt8] = []
        switch random.below(8) {
        case 0:
            EventEncoder.append(event, to: &bytes)
            bytes.removeLast(1 + random.below(bytes.count - 1))
        case 1:
            event.value = 17
            EventEncoder.append(event, to: &bytes)
        case 2:
            event.userID = ""
            EventEncoder.append(event, to: &bytes)
        case 3:
            event.at = Timestamp(seconds: 4_102_444_800)  // 2100-01-01
            EventEncoder.append(event, to: &bytes)
        case 4:
            event.itemID = String(repeating: "x", count: 300)
            EventEncoder.append(event, to: &bytes)
        case 5: bytes = Array("{\"event_id\":\"\(event.eventID)\",\"kind\":\"stare\"}".utf8)
        case 6: bytes = Array("{\"event_id\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
        default: bytes = Array("<event id=\"\(event.eventID)\"/>".utf8)
        }
        return bytes
    }
}
