import Domain
import Foundation
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func readsWhatFoundationReads() throws {
        let text = #" {"a": [1, -2.5e3, 0, true, false, null], "b\u00e4\ud83c\udfac\n\/": {"": "ä\"\\"}} "#
        let value = try parse(text)
        let oracle = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(value["a"] == .array([.number(1), .number(-2500), .number(0), .bool(true), .bool(false), .null]))
        let name = try #require(oracle.keys.first { $0.hasPrefix("b") })
        #expect(value[name] == .object([.init(name: "", value: .text("ä\"\\"))]))
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "01", "+1", "1.", ".5", "1e", "1e999", "nul", "\"a", "\"\n\"", "\"\\x\"",
        "\"\\ud800\"", "\"\\u12g4\"", "1 2", "{\"a\" 1}", "{a:1}", "'a'", "[1 2]", "NaN", "-",
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(throws: JSONValue.Flaw.self) { try parse(text) }
    }

    @Test func refusesTheSameNameTwice() {
        #expect(throws: JSONValue.Flaw.self) { try parse(#"{"a":1,"\u0061":2}"#) }
    }

    @Test func refusesBytesThatAreNoUTF8() {
        #expect(throws: JSONValue.Flaw.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test func nestsSoDeepAndNoDeeper() throws {
        let deepest = JSONValue.maximumDepth
        _ = try parse(String(repeating: "[", count: deepest) + "1" + String(repeating: "]", count: deepest))
        #expect(throws: JSONValue.Flaw.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    }

    /// Whatever the bytes, it ends, and agrees with Foundation on what is JSON.
    @Test func damagedTextIsJudgedAsFoundationDoes() {
        var random = SeededGenerator(seed: 1)
        let sound = Array(#"{"items":[{"id":"a","value":1.5},{"id":"b\n"}],"n":20,"x":null,"y":[true,{}]}"#.utf8)
        for _ in 0..<5000 {
            var bytes = sound
            for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(32 + random.below(95)) }
            let ours = try? JSONValue(parsing: bytes)
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            // Names that stand twice are refused by ours alone.
            if ours != nil { #expect(isJSON, "\(String(decoding: bytes, as: UTF8.self))") }
        }
    }
}
