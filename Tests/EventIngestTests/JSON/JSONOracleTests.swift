import Domain
import EventIngest
import Foundation
import TestSupport
import Testing

private let now = Timestamp("2026-11-20T12:00:00Z")!

/// What `JSONDecoder` makes of a message, checked by the same rules: the oracle for the decoder written by hand.
private struct OracleEvent: Decodable {
    var event_id: String
    var user_id: String
    var item_id: String
    var kind: String
    var value: Double
    var at: String
    var review_text: String?
    var source: String?

    static func event(from data: Data) -> Event? {
        // `JSONDecoder` alone takes `0..5` in a field that nobody asks for.
        guard (try? JSONSerialization.jsonObject(with: data)) != nil,
            let wire = try? JSONDecoder().decode(OracleEvent.self, from: data),
            let kind = EventKind(name: wire.kind), kind.accepts(Float(wire.value)), let at = Timestamp(wire.at),
            at.seconds >= 315_532_800, at <= now.advanced(bySeconds: 3600)
        else { return nil }
        for id in [wire.event_id, wire.user_id, wire.item_id] {
            guard !id.isEmpty, id.utf8.count <= 256 else { return nil }
        }
        guard (wire.review_text?.utf8.count ?? 0) <= 65_536, (wire.source?.utf8.count ?? 0) <= 256 else { return nil }
        let source = wire.source ?? ""
        return Event(
            eventID: wire.event_id, userID: wire.user_id, itemID: wire.item_id, kind: kind, value: Float(wire.value),
            reviewText: wire.review_text, at: at, source: source.isEmpty ? "kafka" : source)
    }
}

@Suite struct JSONOracleTests {
    /// A valid message in one of many spellings.
    private func message(_ random: inout SeededGenerator) -> [UInt8] {
        func spelled(_ text: String) -> String {
            var result = "\""
            for scalar in text.unicodeScalars {
                switch random.below(12) {
                case 0:
                    for unit in String(scalar).utf16 {
                        let hex = String(unit, radix: 16, uppercase: random.below(2) == 0)
                        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                    }
                default:
                    switch scalar {
                    case "\"": result += "\\\""
                    case "\\": result += "\\\\"
                    case "/": result += random.below(2) == 0 ? "/" : "\\/"
                    case "\n": result += "\\n"
                    default: result.unicodeScalars.append(scalar)
                    }
                }
            }
            return result + "\""
        }
        let texts = ["u1", "é", "千尋", "🎬🍿", "a/b", "line\nbreak", "q\"q", "b\\s", String(repeating: "x", count: 256)]
        let numbers = [
            "1", "0", "-1", "0.5", "1.0", "4.5", "5e-1", "50E-2", "0.30000000000000004", "1e0", "100e-2", "1E+0", "2",
            "3.141592653589793238462643", "0.000001e5", "12345678901234567890e-19",
        ]
        let kinds = ["view", "like", "review", "View"]
        let times = [
            "2026-11-20T12:00:00Z", "2026-11-20T13:30:00.123456+02:00", "1999-12-31T23:59:60Z", "2026-02-30T00:00:00Z",
            "2027-01-01T00:00:00Z", "1995-01-01 00:00:00Z",
        ]
        var fields = [
            ("event_id", spelled(random.pick(texts))), ("user_id", spelled(random.pick(texts))),
            ("item_id", spelled(random.pick(texts))), ("kind", spelled(random.pick(kinds))),
            ("value", random.pick(numbers)), ("at", spelled(random.pick(times))),
        ]
        if random.below(3) == 0 {
            fields.append(("review_text", random.below(4) == 0 ? "null" : spelled(random.pick(texts))))
        }
        if random.below(3) == 0 { fields.append(("source", spelled("web"))) }
        if random.below(3) == 0 {
            fields.append(("extra", random.pick(["{}", "[]", "[1,{\"a\":[true,null]}]", "-0.0e1"])))
        }
        if random.below(8) == 0 { fields.remove(at: random.below(fields.count)) }
        // Half of them as producers write them, one like the other and without space: the decoder counts on that.
        let isPlain = random.below(2) == 0
        if !isPlain { for i in fields.indices.reversed() { fields.swapAt(i, random.below(i + 1)) } }
        let space = { (random: inout SeededGenerator) in isPlain ? "" : random.pick(["", "", " ", "\n\t", "\r\n "]) }
        var text = space(&random) + "{"
        for (i, field) in fields.enumerated() {
            if i > 0 { text += "," }
            text += "\(space(&random))\"\(field.0)\"\(space(&random)):\(space(&random))\(field.1)\(space(&random))"
        }
        return Array((text + "}" + space(&random)).utf8)
    }

    /// Some damage, or none.
    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        for _ in 0..<random.below(3) {
            guard !bytes.isEmpty else { return }
            let place = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[place] = UInt8(random.below(256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(random.pick(Array("{}[]\",:\\0e-.un ".utf8)), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
            default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.below(20))], at: place)
            }
        }
    }

    /// Where the two may differ: we refuse a known field that stands twice, and nesting past 32, which the oracle takes.
    private let stricter: Set<RejectReason> = [.duplicateField, .tooDeep]

    @Test(arguments: 0..<8)
    func theDecoderAgreesWithFoundation(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let decoder = EventDecoder()
        var taken = 0
        for round in 0..<Effort.rounds(2500, nightly: 100_000) {
            var bytes = message(&random)
            if round % 2 == 1 { mutate(&bytes, &random) }
            let expected = OracleEvent.event(from: Data(bytes))
            do {
                let event = try bytes.withUnsafeBytes { try decoder.event(from: $0, now: now) }
                taken += 1
                #expect(event == expected, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            } catch {
                guard let reason = error as? RejectReason, !stricter.contains(reason) else { continue }
                #expect(expected == nil, "seed \(seed), \(reason): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        #expect(taken > 200)
    }
}

extension SeededGenerator {
    fileprivate mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }
}
