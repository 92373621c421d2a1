import Domain
import EventIngest
import Foundation
import TestSupport
import Testing

private let now = Timestamp("2026-11-20T12:00:00Z")!

/// Decodes as the ingester does, with schemas by their numbers.
private func decode(_ message: [UInt8], _ decoder: AvroEventDecoder) throws -> Event {
    try message.withUnsafeBytes { bytes in
        while true {
            do throws(RejectReason) {
                return try decoder.decode(bytes, latest: decoder.latest(now)).event
            } catch {
                guard try decoder.mayRetry(after: error) else { throw error }
            }
        }
    }
}

private func framed(_ body: [UInt8], schema: UInt8 = 7) -> [UInt8] { [0, 0, 0, 0, schema] + body }

private func decoder(_ schema: String = AvroEventEncoder.schema) -> AvroEventDecoder {
    AvroEventDecoder(schemas: EventSchemas(texts: [7: schema]))
}

private func record(_ fields: String) -> String { #"{"type":"record","name":"E","fields":[\#(fields)]}"# }

private let plain = """
    {"name":"event_id","type":"string"},{"name":"user_id","type":"string"},{"name":"item_id","type":"string"},\
    {"name":"kind","type":"string"},{"name":"value","type":"float"},\
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}
    """
/// e, u, i, view, 0.5, 2026-11-20T12:00:00Z in milliseconds.
private let plainBody: [UInt8] =
    [2, 0x65, 2, 0x75, 2, 0x69, 8] + Array("view".utf8) + [0, 0, 0, 0x3F] + [0x80, 0xA8, 0x9F, 0x8D, 0xBF, 0x68]

@Suite struct AvroTests {
    @Test func whatIsEncodedDecodesToTheSame() throws {
        var random = SeededGenerator(seed: 3)
        let decoder = decoder()
        let texts = ["plain", "Amélie – 千と千尋 🎬", "\u{0}", String(repeating: "x", count: 200)]
        for round in 0..<Effort.rounds(500, nightly: 50_000) {
            let kind = EventKind.allCases[round % 3]
            let value: Float =
                switch kind {
                case .view: Float(random.uniform())
                case .like: random.below(2) == 0 ? 1 : -1
                case .review: Float(random.below(10) + 1) / 2
                }
            let event = Event(
                eventID: "e\(round)" + texts[random.below(4)], userID: texts[random.below(4)], itemID: "i\(round)",
                kind: kind, value: value, reviewText: round % 2 == 0 ? (texts + [""])[random.below(5)] : nil,
                at: Timestamp(microseconds: now.microseconds - Int64(random.below(1_000_000_000_000_000))),
                source: "test")
            var bytes: [UInt8] = []
            AvroEventEncoder.append(event, schemaID: 7, to: &bytes)
            #expect(try decode(bytes, decoder) == event)
        }
    }

    @Test func aProducersSchemaIsResolved() throws {
        let event = try decode(framed(plainBody), decoder(record(plain)))
        #expect(
            event == Event(eventID: "e", userID: "u", itemID: "i", kind: .view, value: 0.5, at: now, source: "kafka"))
        let others = """
            {"name":"trace","type":{"type":"array","items":["null",{"type":"map","values":"bytes"}]}},
            """
        // An array in a block with its size: a map of one entry, and a null.
        let body: [UInt8] = [3, 16, 2, 2, 2, 0x6B, 2, 0xFF, 0, 0, 0] + plainBody
        #expect(try decode(framed(body), decoder(record(others + plain))).eventID == "e")
    }

    @Test(arguments: [
        ("[]", "a record"), ("\"string\"", "string"), ("{\"type\":\"record\",\"name\":\"E\"}", "no fields"),
        (record("{\"name\":\"event_id\",\"type\":\"int\"}"), "no field user_id"), ("{", "not JSON"),
        (record(plain.replacing("\"float\"", with: "\"string\"")), "value"),
        (record(plain.replacing("timestamp-millis", with: "local-timestamp-millis")), "at"),
        (record(plain + ",{\"name\":\"at\",\"type\":\"long\"}"), "twice"),
        (record(plain + ",{\"name\":\"x\",\"type\":\"Unknown\"}"), "not defined"),
        (String(repeating: "[", count: 400) + String(repeating: "]", count: 400), "nested"),
    ])
    func aSchemaThatIsNoneOfEventsIsNamed(schema: String, says: String) throws {
        let decoder = decoder(schema)
        #expect(throws: RejectReason.incompatibleSchema) { try decode(framed(plainBody), decoder) }
        #expect(decoder.explanation?.contains(says) == true, "\(decoder.explanation ?? "nothing")")
    }

    @Test func everyWayToGoWrongHasItsReason() throws {
        let decoder = decoder(record(plain))
        func reason(_ message: [UInt8]) -> RejectReason? {
            do {
                _ = try decode(message, decoder)
                return nil
            } catch { return error as? RejectReason }
        }
        #expect(reason([]) == .empty)
        #expect(reason(Array("{\"event_id\":1}".utf8)) == .unframed)
        #expect(reason([0, 0, 0]) == .unframed)
        #expect(reason(framed([])) == .malformedAvro)
        #expect(reason(framed(plainBody, schema: 8)) == .unknownSchema)
        #expect(reason(framed(plainBody + [0])) == .malformedAvro)
        #expect(reason(framed([2, 0xFF] + plainBody.dropFirst(2))) == .invalidUTF8)
        #expect(reason(framed([0] + plainBody.dropFirst(2))) == .emptyID)
        var damaged = plainBody
        damaged[8] = UInt8(ascii: "o")
        #expect(reason(framed(damaged)) == .unknownKind)
        damaged = plainBody
        damaged[14] = 0x40
        #expect(reason(framed(damaged)) == .valueOutOfRange)
        #expect(reason(framed(plainBody.dropLast(6) + [0])) == .timeOutOfWindow)
        // A text longer than the message, of negative length, and a number of eleven bytes.
        #expect(reason(framed([0xFE, 0xFF, 3])) == .malformedAvro)
        #expect(reason(framed([1])) == .malformedAvro)
        #expect(reason(framed([UInt8](repeating: 0xFF, count: 11))) == .malformedAvro)
        #expect(reason([0] + [UInt8](repeating: 1, count: 2 << 20)) == .tooLong)
    }

    /// Arrays of values that take no bytes, records that double, and records without an end.
    @Test func schemasMadeToStallOrOverflowAreHarmless() throws {
        let huge: [UInt8] = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0]
        let nulls = #"{"name":"n","type":{"type":"array","items":"null"}},"#
        #expect(try decode(framed(huge + plainBody), decoder(record(nulls + plain))).eventID == "e")
        #expect(throws: RejectReason.malformedAvro) {
            let longs = nulls.replacing("\"null\"", with: "\"long\"")
            return try decode(framed(huge + plainBody), decoder(record(longs + plain)))
        }
        var doubling = #"{"name":"d0","type":{"type":"record","name":"D0","fields":[]}},"#
        for i in 1..<60 {
            let half = #"{"name":"a","type":"D\#(i - 1)"},{"name":"b","type":"D\#(i - 1)"}"#
            doubling += #"{"name":"d\#(i)","type":{"type":"record","name":"D\#(i)","fields":[\#(half)]}},"#
        }
        #expect(try decode(framed(plainBody), decoder(record(doubling + plain))).eventID == "e")
        let list = #"{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}"#
        let deep = record(#"{"name":"l","type":\#(list)},"# + plain)
        #expect(throws: RejectReason.tooDeep) {
            try decode(framed([UInt8](repeating: 2, count: 100_000)), decoder(deep))
        }
        let endless = #"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#
        #expect(
            try decode(framed(plainBody), decoder(record(#"{"name":"r","type":\#(endless)},"# + plain))).eventID == "e")
    }

    @Test func everyPrefixAndEveryFlippedBitIsAnswered() throws {
        var whole: [UInt8] = []
        AvroEventEncoder.append(
            Event(
                eventID: "ev", userID: "us", itemID: "it", kind: .review, value: 4, reviewText: "añb", at: now,
                source: "s"), schemaID: 7, to: &whole)
        let decoder = decoder()
        for length in 0..<whole.count {
            #expect(throws: RejectReason.self) { try decode(Array(whole[..<length]), decoder) }
        }
        for position in 0..<whole.count {
            for bit in 0..<8 {
                var damaged = whole
                damaged[position] ^= 1 << UInt8(bit)
                do { _ = try decode(damaged, decoder) } catch { #expect(error is RejectReason) }
            }
        }
    }
}

/// fastavro as the oracle: Tests/Independent/avro/oracle.py writes the messages and what they mean.
@Suite struct AvroOracleTests {
    private struct Line: Decodable {
        struct Meaning: Decodable {
            var ids: [String]
            var kind: String
            var value: Float
            var at: Int64
            var source: String
            var text: String?
        }
        var schema: String?
        var body: String?
        var event: Meaning?
        var exact: Bool?
        var unsure: Bool?
    }

    @Test(.enabled(if: Checkout.python != nil, "needs make venv"), arguments: 0..<3)
    func theDecoderAgreesWithFastavro(seed: Int) async throws {
        try await withTemporaryFolder { folder in
            let reader = folder.appending(path: "reader.avsc")
            try Data(AvroEventEncoder.schema.utf8).write(to: reader)
            let schemas = Effort.rounds(60, nightly: 10_000)
            let (status, output) = try await runCommand(
                Checkout.python!.path,
                [
                    Checkout.root.appending(path: "Tests/Independent/avro/oracle.py").path, reader.path, "\(seed)",
                    "\(schemas)",
                ])
            try #require(status == 0, "\(output.suffix(2000))")
            var schema = ""
            var decoder = decoder()
            var (taken, refused) = (0, 0)
            for text in output.split(separator: "\n") {
                let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
                if let text = line.schema {
                    schema = text
                    decoder = EventIngestTests.decoder(text)
                    continue
                }
                let message = framed(try bytes(hex: line.body ?? ""))
                let expected = line.event.map {
                    Event(
                        eventID: $0.ids[0], userID: $0.ids[1], itemID: $0.ids[2], kind: EventKind(name: $0.kind)!,
                        value: $0.value, reviewText: $0.text, at: Timestamp(microseconds: $0.at), source: $0.source)
                }
                do {
                    let event = try decode(message, decoder)
                    taken += 1
                    guard line.unsure != true else { continue }
                    #expect(event == expected, "seed \(seed), \(schema): \(line.body ?? "")")
                } catch {
                    refused += 1
                    let reason = try #require(error as? RejectReason)
                    guard line.exact == true || reason != .malformedAvro else { continue }
                    #expect(expected == nil, "seed \(seed), \(reason), \(schema): \(line.body ?? "")")
                }
            }
            #expect(taken > schemas * 4)
            #expect(refused > schemas * 4)
        }
    }

    private func bytes(hex: String) throws -> [UInt8] {
        let digits = Array(hex.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
    }
}
