import Domain
import Foundation
import TestSupport
import Testing

@testable import EventIngest

struct ImpressionCodecTests {
    private static let now = Timestamp("2026-11-20T12:00:00Z")!

    private func decode(_ text: String) throws -> Impression {
        var text = text
        return try text.withUTF8 { bytes in
            let decoder = ImpressionDecoder()
            do throws(RejectReason) {
                return try decoder.decode(UnsafeRawBufferPointer(bytes), now: Self.now).impression
            } catch {
                throw Refused(reason: error, explanation: decoder.explanation)
            }
        }
    }

    struct Refused: Error, Equatable {
        var reason: RejectReason
        var explanation: String?
    }

    private func refusal(_ text: String) -> Refused? {
        do {
            _ = try decode(text)
            return nil
        } catch {
            return error as? Refused
        }
    }

    /// Of random impressions, with texts that need escapes and absent fields.
    @Test func whatIsEncodedIsDecodedTheSame() throws {
        var generator = SeededGenerator(seed: 16)
        func text() -> String { ["u1", "a\"b\\c", "Zoë\n", "日本", "x y"][generator.below(5)] }
        for number in 0..<2000 {
            let impression = Impression(
                impressionID: "answer/r\(number)/1", recommendationID: text(),
                userID: generator.below(3) == 0 ? nil : text(), itemID: text(), position: 1 + generator.below(500),
                modelID: generator.below(3) == 0 ? nil : text(), scenario: generator.below(3) == 0 ? nil : text(),
                propensity: generator.below(3) == 0 ? nil : Double(1 + generator.below(1_000_000)) / 1e6,
                at: Timestamp(microseconds: Self.now.microseconds - Int64(generator.below(1 << 30))), source: "rest")
            var bytes: [UInt8] = []
            ImpressionEncoder.append(impression, to: &bytes)
            #expect(try decode(String(decoding: bytes, as: UTF8.self)) == impression)
        }
    }

    private static func message(_ changes: [String: Any?]) -> String {
        var fields: [String: Any] = [
            "impression_id": "a", "recommendation_id": "r", "item_id": "i", "position": 3,
            "at": "2026-11-20T11:00:00Z",
        ]
        for (name, value) in changes { fields[name] = value }
        return String(decoding: try! JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
    }

    @Test func eachKindOfBadMessageIsRefusedByItsReasonAndField() {
        #expect(refusal(Self.message([:])) == nil)
        #expect(refusal(Self.message(["new_field": [1, 2]])) == nil)
        #expect(refusal(Self.message(["user_id": nil as Any?, "propensity": NSNull()])) == nil)
        let long = String(repeating: "x", count: 257)
        let bad: [(String, RejectReason, String?)] = [
            ("", .empty, nil),
            ("[]", .malformed, nil),
            (Self.message([:]) + "x", .malformed, nil),
            (Self.message(["item_id": nil as Any?]), .missingField, "item_id"),
            (Self.message(["item_id": 7]), .wrongType, "item_id"),
            (Self.message(["item_id": ""]), .emptyID, "item_id"),
            (Self.message(["recommendation_id": long]), .longID, "recommendation_id"),
            (Self.message(["user_id": ""]), .emptyID, "user_id"),
            (Self.message(["scenario": long]), .longID, "scenario"),
            (Self.message(["impression_id": long + long]), .longID, "impression_id"),
            (Self.message(["position": 0]), .valueOutOfRange, "position"),
            (Self.message(["position": 1.5]), .valueOutOfRange, "position"),
            (Self.message(["position": "1"]), .wrongType, "position"),
            (Self.message(["propensity": 0]), .valueOutOfRange, "propensity"),
            (Self.message(["propensity": 1.01]), .valueOutOfRange, "propensity"),
            (Self.message(["at": "yesterday"]), .invalidTime, "at"),
            (Self.message(["at": "2027-01-01T00:00:00Z"]), .timeOutOfWindow, "at"),
            (#"{"at":"2026-11-20T11:00:00Z","at":"2026-11-20T11:00:00Z"}"#, .duplicateField, "at"),
        ]
        for (text, reason, field) in bad {
            #expect(refusal(text) == Refused(reason: reason, explanation: field), "\(text)")
        }
    }

    /// No cut of a good message is taken, and none does harm.
    @Test func noPartOfAMessageIsTakenForOne() {
        let whole = Array(Self.message(["scenario": "a\"\\u00e9", "propensity": 0.25]).utf8)
        for end in 0..<whole.count {
            #expect(refusal(String(decoding: whole[..<end], as: UTF8.self)) != nil)
        }
    }
}

extension ImpressionFields {
    /// A copy that outlives the message.
    fileprivate var impression: Impression {
        func text(_ text: Text) -> String { String(decoding: text, as: UTF8.self) }
        func optional(_ value: Text) -> String? { value.baseAddress == nil ? nil : text(value) }
        return Impression(
            impressionID: text(impressionID), recommendationID: text(recommendationID), userID: optional(userID),
            itemID: text(itemID), position: Int(position), modelID: optional(modelID), scenario: optional(scenario),
            propensity: propensity, at: at, source: text(source))
    }
}
