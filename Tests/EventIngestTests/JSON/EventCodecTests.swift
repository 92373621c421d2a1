import Domain
import EventIngest
import TestSupport
import Testing

private let now = Timestamp("2026-11-20T12:00:00Z")!

private func decode(_ text: String) throws -> Event { try decode(Array(text.utf8)) }

private func decode(_ bytes: [UInt8]) throws -> Event {
    try bytes.withUnsafeBytes { try EventDecoder().event(from: $0, now: now) }
}

private func reason(_ text: String) -> RejectReason? {
    do {
        _ = try decode(text)
        return nil
    } catch { return error as? RejectReason }
}

/// The wire example of the interface page, with fields replaced.
private func wire(_ changes: [String: String?] = [:]) -> String {
    let fields: [(String, String?)] = [
        ("event_id", "\"e1\""), ("user_id", "\"u1\""), ("item_id", "\"i1\""), ("kind", "\"view\""), ("value", "0.8"),
        ("at", "\"2026-11-20T12:00:00Z\""), ("review_text", nil), ("source", nil),
    ]
    let parts = fields.compactMap { name, value in
        (changes[name] ?? value).map { "\"\(name)\":\($0)" }
    }
    return "{\(parts.joined(separator: ","))}"
}

@Suite struct EventCodecTests {
    @Test func theWireExampleIsRead() throws {
        let event = try decode(wire())
        #expect(
            event
                == Event(
                    eventID: "e1", userID: "u1", itemID: "i1", kind: .view, value: 0.8, at: now, source: "kafka"))
    }

    @Test func whatIsEncodedDecodesToTheSame() throws {
        var random = SeededGenerator(seed: 7)
        let texts = ["plain", "\"quoted\\", "line\nbreak\tand\u{1}", "Amélie – 千と千尋 🎬", ""]
        for round in 0..<Effort.rounds(500, nightly: 50_000) {
            let kind = EventKind.allCases[round % 3]
            let value: Float =
                switch kind {
                case .view: Float(random.uniform())
                case .like: random.below(2) == 0 ? 1 : -1
                case .review: Float(random.below(10) + 1) / 2
                }
            let event = Event(
                eventID: "e\(round)" + texts[random.below(5)], userID: "u" + texts[random.below(5)],
                itemID: "i\(round)",
                kind: kind, value: value, reviewText: round % 2 == 0 ? texts[random.below(5)] : nil,
                at: Timestamp(microseconds: now.microseconds - Int64(random.below(1_000_000_000_000))),
                source: "test")
            var bytes: [UInt8] = []
            EventEncoder.append(event, to: &bytes)
            #expect(try decode(bytes) == event, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func fieldsComeInAnyOrderAndUnknownOnesAreSkipped() throws {
        let event = try decode(
            """
             { "at" : "2026-11-20T12:00:00+00:00", "extra": {"a":[1,-2.5e3,true,null,"x"],"b":{}}, "kind":"review",
             "review_text":"caf\\u00e9 \\ud83c\\udfac", "value":4.5, "item_id":"i", "user_id":"u", "event_id":"\\u0065",
             "source":null}
            """)
        #expect(event.eventID == "e")
        #expect(event.reviewText == "café 🎬")
        #expect(event.value == 4.5)
    }

    @Test(arguments: [
        ("", RejectReason.empty), ("nonsense", .malformed), ("[]", .malformed), ("{}", .missingField),
        ("{\"event_id\":\"e\"", .malformed), (wire() + "x", .malformed), (wire(["kind": "\"watch\""]), .unknownKind),
        (wire(["kind": nil]), .missingField), (wire(["user_id": "null"]), .missingField),
        (wire(["user_id": "5"]), .wrongType), (wire(["value": "\"1\""]), .wrongType),
        (wire(["value": "1.2"]), .valueOutOfRange), (wire(["value": "1e999"]), .valueOutOfRange),
        (wire(["value": "01"]), .malformed), (wire(["value": "1."]), .malformed), (wire(["value": "NaN"]), .wrongType),
        (wire(["kind": "\"like\"", "value": "0"]), .valueOutOfRange),
        (wire(["kind": "\"review\"", "value": "0.4"]), .valueOutOfRange),
        (wire(["item_id": "\"\""]), .emptyID),
        (wire(["at": "\"yesterday\""]), .invalidTime), (wire(["at": "\"2026-11-21T12:00:00Z\""]), .timeOutOfWindow),
        (wire(["at": "\"1970-01-01T00:00:00Z\""]), .timeOutOfWindow), (wire(["source": "\"\\ud800\""]), .malformed),
        ("{\"kind\":\"view\",\"kind\":\"like\"}", .duplicateField),
    ])
    func badMessagesAreRefusedWithTheirReason(text: String, expected: RejectReason) {
        #expect(reason(text) == expected, "\(text.prefix(120))")
    }

    @Test(arguments: [
        ("{}", "event_id, user_id, item_id, kind, value, at"), (wire(["user_id": nil]), "user_id"),
        (wire(["user_id": "null", "at": nil]), "user_id, at"), (wire(["user_id": "5"]), "user_id"),
        (wire(["kind": "\"watch\""]), "kind"), (wire(["value": "1.2"]), "value"), (wire(["value": "\"1\""]), "value"),
        (wire(["item_id": "\"\""]), "item_id"), (wire(["at": "\"yesterday\""]), "at"),
        (wire(["at": "\"1970-01-01T00:00:00Z\""]), "at"), ("{\"kind\":\"view\",\"kind\":\"like\"}", "kind"),
        (wire(["source": "\"\(String(repeating: "s", count: 300))\""]), "source"), ("nonsense", nil), ("", nil),
    ])
    func refusalsNameTheirFields(text: String, expected: String?) {
        let decoder = EventDecoder()
        // What was said of another message must not be said of this one.
        for message in [wire(["kind": nil]), wire(), text] {
            let bytes = Array(message.utf8)
            _ = bytes.withUnsafeBytes { try? decoder.event(from: $0, now: now) }
        }
        #expect(decoder.explanation == expected, "\(text.prefix(120))")
    }

    @Test func whatIsTooLongOrTooDeepIsRefused() {
        #expect(reason(wire(["item_id": "\"\(String(repeating: "i", count: 257))\""])) == .longID)
        #expect(reason(wire(["item_id": "\"\(String(repeating: "i", count: 256))\""])) == nil)
        #expect(reason(wire(["review_text": "\"\(String(repeating: "x", count: 70_000))\""])) == .longText)
        #expect(reason(wire(["source": "\"\(String(repeating: "x", count: 2_000_000))\""])) == .tooLong)
        #expect(reason("{\"x\":" + String(repeating: "[", count: 5000)) == .tooDeep)
    }

    @Test func brokenUTF8IsRefused() {
        for bytes: [UInt8] in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80]] {
            let text = Array(#"{"event_id":""#.utf8) + bytes + Array("\"}".utf8)
            #expect(throws: RejectReason.invalidUTF8) { try decode(text) }
        }
    }

    @Test func everyPrefixAndEveryFlippedByteIsAnsweredNotCrashedOn() {
        let whole = Array(wire(["review_text": "\"a\\u00e9b\\n\"", "source": "\"s\""]).utf8)
        for length in 0..<whole.count { #expect(throws: RejectReason.self) { try decode(Array(whole[..<length])) } }
        for position in 0..<whole.count {
            for bit in 0..<8 {
                var damaged = whole
                damaged[position] ^= 1 << UInt8(bit)
                _ = try? decode(damaged)
            }
        }
    }
}
