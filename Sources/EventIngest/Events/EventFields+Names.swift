import Domain

extension EventFields {
    /// Some of the fields of an event, to say which ones a message was refused for.
    struct Names: OptionSet {
        let rawValue: UInt8

        static let eventID = Names(rawValue: 1)
        static let userID = Names(rawValue: 2)
        static let itemID = Names(rawValue: 4)
        static let kind = Names(rawValue: 8)
        static let value = Names(rawValue: 16)
        static let at = Names(rawValue: 32)
        static let reviewText = Names(rawValue: 64)
        static let source = Names(rawValue: 128)

        private static let words = ["event_id", "user_id", "item_id", "kind", "value", "at", "review_text", "source"]

        /// As they stand on the wire, such as `user_id, at`; nil for none.
        var explanation: String? {
            let words = Self.words.enumerated().filter { rawValue & (1 << UInt8($0.offset)) != 0 }.map(\.element)
            return words.isEmpty ? nil : words.joined(separator: ", ")
        }
    }
}

extension EventLimits {
    /// Which fields made ``check(_:latest:)`` throw this reason.
    func offenders(_ reason: RejectReason, _ fields: EventFields) -> EventFields.Names {
        let ids: [(EventFields.Names, Int)] = [
            (.eventID, fields.eventID.count), (.userID, fields.userID.count), (.itemID, fields.itemID.count),
        ]
        switch reason {
        case .emptyID: return EventFields.Names(ids.filter { $0.1 == 0 }.map(\.0))
        case .longID:
            return EventFields.Names(
                (ids + [(.source, fields.source.count)]).filter { $0.1 > idLength }.map(\.0))
        case .valueOutOfRange: return .value
        case .longText: return .reviewText
        case .timeOutOfWindow: return .at
        default: return []
        }
    }
}
