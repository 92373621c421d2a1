import Domain

/// Reads the wire form of impressions:
///
/// ```json
/// {"impression_id":"…","recommendation_id":"…","item_id":"…","position":1,"at":"2026-11-20T12:00:00Z"}
/// ```
///
/// and optionally `user_id`, `model_id`, `scenario`, `propensity` and `source`. As in ``EventDecoder`` fields come in any
/// order, unknown ones are checked for form and skipped, and one that stands twice is refused.
///
/// One thread uses it at a time.
final class ImpressionDecoder {
    private let limits: EventLimits
    private var scratch: UnsafeMutableBufferPointer<UInt8>
    private var instants = InstantParser()
    /// The names of the fields that the last message was refused for; nil if it was none in particular.
    private(set) var explanation: String?

    init(limits: EventLimits = EventLimits()) {
        self.limits = limits
        scratch = .allocate(capacity: 4096)
    }

    deinit { scratch.deallocate() }

    private enum Field: UInt16, CaseIterable {
        case impressionID = 1
        case recommendationID = 2
        case itemID = 4
        case position = 8
        case at = 16
        case userID = 32
        case modelID = 64
        case scenario = 128
        case propensity = 256
        case source = 512

        static let required: [Field] = [.impressionID, .recommendationID, .itemID, .position, .at]

        var name: StaticString {
            switch self {
            case .impressionID: "impression_id"
            case .recommendationID: "recommendation_id"
            case .itemID: "item_id"
            case .position: "position"
            case .at: "at"
            case .userID: "user_id"
            case .modelID: "model_id"
            case .scenario: "scenario"
            case .propensity: "propensity"
            case .source: "source"
            }
        }
    }

    /// The slices are valid as long as the message, and no longer than until the next call.
    /// - Parameter now: the receiver's clock, for the time window.
    func decode(_ message: UnsafeRawBufferPointer, now: Timestamp) throws(RejectReason) -> ImpressionFields {
        explanation = nil
        guard message.count > 0 else { throw .empty }
        guard message.count <= limits.messageLength else { throw .tooLong }
        if message.count > scratch.count {
            scratch.deallocate()
            scratch = .allocate(capacity: message.count * 2)
        }
        // As long as the message at least, and made with room for 4096 bytes: it has a base address.
        var cursor = JSONCursor(message.bindMemory(to: UInt8.self), scratch: scratch.baseAddress!)
        var fields = ImpressionFields()
        let seen = try readFields(&cursor, &fields)
        guard cursor.peek() == 0, cursor.position == cursor.end else { throw .malformed }
        let missing = Field.required.filter { seen & $0.rawValue == 0 }
        guard missing.isEmpty else {
            explanation = missing.map { "\($0.name)" }.joined(separator: ", ")
            throw .missingField
        }
        if let (reason, field) = fields.check(limits, latest: limits.latest(now)) {
            explanation = "\(field)"
            throw reason
        }
        return fields
    }

    private func readFields(
        _ cursor: inout JSONCursor, _ fields: inout ImpressionFields
    ) throws(RejectReason) -> UInt16 {
        try cursor.expect(UInt8(ascii: "{"))
        var seen: UInt16 = 0
        if cursor.peek() == UInt8(ascii: "}") {
            cursor.position += 1
            return 0
        }
        while true {
            guard cursor.peek() == UInt8(ascii: "\"") else { throw .malformed }
            let name = try cursor.string()
            let field = Field.allCases.first { name.equals($0.name) }
            try cursor.expect(UInt8(ascii: ":"))
            if let field {
                guard seen & field.rawValue == 0 else {
                    explanation = "\(field.name)"
                    throw .duplicateField
                }
                // A null is an absent field.
                if try cursor.null() == false {
                    seen |= field.rawValue
                    do throws(RejectReason) {
                        try readValue(of: field, &cursor, &fields)
                    } catch {
                        explanation = "\(field.name)"
                        throw error
                    }
                }
            } else {
                try cursor.skipValue()
            }
            guard cursor.peek() == UInt8(ascii: ",") else { break }
            cursor.position += 1
        }
        try cursor.expect(UInt8(ascii: "}"))
        return seen
    }

    private func readValue(
        of field: Field, _ cursor: inout JSONCursor, _ fields: inout ImpressionFields
    ) throws(RejectReason) {
        switch field {
        case .impressionID: fields.impressionID = try cursor.asciiString()
        case .recommendationID: fields.recommendationID = try cursor.asciiString()
        case .itemID: fields.itemID = try cursor.asciiString()
        case .userID: fields.userID = try cursor.asciiString()
        case .modelID: fields.modelID = try cursor.asciiString()
        case .scenario: fields.scenario = try cursor.asciiString()
        case .source: fields.source = try cursor.asciiString()
        case .propensity: fields.propensity = try cursor.number()
        case .position:
            guard let position = Int32(exactly: try cursor.number()), Impression.positions.contains(Int(position))
            else { throw .valueOutOfRange }
            fields.position = position
        case .at:
            guard let at = instants.parse(try cursor.string()) else { throw .invalidTime }
            fields.at = at
        }
    }
}
