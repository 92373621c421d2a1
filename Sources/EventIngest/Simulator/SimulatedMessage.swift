public import Domain

/// What the simulator sends: an event, or what a faulty producer would have made of one. In numbers, for ``Scribe`` to
/// write out.
public struct SimulatedMessage: Sendable {
    /// Counts the messages of a run from 0.
    let number: Int
    let user: UInt32
    /// In the catalogue.
    let film: UInt32
    public let kind: EventKind
    let value: Float
    let text: ReviewText?
    let at: Timestamp
    let damage: Damage?

    /// Whether its bytes must end in the dead letters.
    public var isMalformed: Bool { damage != nil }
    /// The topic it is sent to.
    public var topic: String { kind.topic }
}

/// A way in which real producers get it wrong.
enum Damage: Sendable, Equatable {
    /// Cut off after this share of its bytes.
    case truncated(Double)
    case valueOutOfRange, emptyUser, farFuture, longItem, unknownKind, brokenUTF8, anotherFormat

    static func random(_ random: inout SeededGenerator) -> Damage {
        switch random.below(8) {
        case 0: .truncated(random.uniform())
        case 1: .valueOutOfRange
        case 2: .emptyUser
        case 3: .farFuture
        case 4: .longItem
        case 5: .unknownKind
        case 6: .brokenUTF8
        default: .anotherFormat
        }
    }

    func append(_ event: Event, to bytes: inout [UInt8], in encoding: EventEncoding) {
        var event = event
        switch self {
        case .truncated(let share):
            let start = bytes.count
            encoding.append(event, to: &bytes)
            let whole = bytes.count - start
            bytes.removeLast(max(1, whole - Int(share * Double(whole))))
            // A message of nothing is a tombstone, and that is another mistake.
            if bytes.count == start { bytes.append(UInt8(ascii: "{")) }
        case .valueOutOfRange:
            event.value = 17
            encoding.append(event, to: &bytes)
        case .emptyUser:
            event.userID = ""
            encoding.append(event, to: &bytes)
        case .farFuture:
            event.at = Timestamp(seconds: 4_102_444_800)  // 2100-01-01
            encoding.append(event, to: &bytes)
        case .longItem:
            event.itemID = String(repeating: "x", count: 300)
            encoding.append(event, to: &bytes)
        case .unknownKind:
            switch encoding {
            case .json: bytes += Array("{\"event_id\":\"\(event.eventID)\",\"kind\":\"stare\"}".utf8)
            case .avro(let id):
                // Three empty identifiers, then a symbol that the schema does not have.
                ConfluentFrame.append(schemaID: id, to: &bytes)
                bytes += [0, 0, 0, 0x0E]
            }
        case .brokenUTF8:
            switch encoding {
            case .json: bytes += Array("{\"event_id\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
            case .avro(let id):
                ConfluentFrame.append(schemaID: id, to: &bytes)
                bytes += [4, 0xC3, 0x28]
            }
        case .anotherFormat: bytes += Array("<event id=\"\(event.eventID)\"/>".utf8)
        }
    }
}
