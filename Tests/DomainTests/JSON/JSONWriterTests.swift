import Domain
import Testing

@Suite("JSON")
struct JSONWriterTests {
    @Test("JSON strings, numbers and nesting")
    func json() {
        var json = JSONWriter()
        json.object {
            $0.field("text", "a\"b\\c\n\t\r\u{8}\u{c}\u{1}\u{7f}/é😀")
            $0.name("numbers")
            $0.array {
                $0.value(0)
                $0.value(-17)
                $0.value(Int.min)
                $0.value(Float(0.1))
                $0.value(Double.nan)
                $0.value(true)
            }
            $0.name("empty")
            $0.object { _ in }
            $0.name("nothing")
            $0.null()
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"text":"a\"b\\c\n\t\r\b\f\u0001\u007f/é😀","numbers":[0,-17,-9223372036854775808,0.1,null,true],"#
                + #""empty":{},"nothing":null}"#)
    }

    @Test(
        "millionths are decimals without idle zeros",
        arguments: [
            (0, "0"), (1, "0.000001"), (-1, "-0.000001"), (1_000_000, "1"), (1_250_000, "1.25"),
            (-10_000_001, "-10.000001"),
            (Int32.max, "2147.483647"), (Int32.min, "-2147.483648"),
        ])
    func millionths(_ number: Int32, _ text: String) {
        var json = JSONWriter()
        json.value(millionths: number)
        #expect(String(decoding: json.bytes, as: UTF8.self) == text)
    }

    @Test("names known at run time are escaped, and lines follow each other without commas")
    func lines() {
        var line = JSONWriter()
        line.object {
            $0.name(text: "a\"b")
            $0.value(1)
        }
        line.newline()
        var lines = JSONWriter()
        lines.append(lines: line)
        lines.append(lines: line)
        #expect(String(decoding: lines.bytes, as: UTF8.self) == "{\"a\\\"b\":1}\n{\"a\\\"b\":1}\n")
    }

    @Test("text that is not JSON keeps its quotes and loses its control characters")
    func plainText() {
        #expect(JSONText.escaped("say \"a\\b\"\n\u{1b}[2J", quotes: false) == #"say "a\b"\n\u001b[2J"#)
    }

    /// Long texts are looked at eight bytes at a time.
    @Test("each byte is escaped as one by one, wherever it stands")
    func everyPlace() {
        func plain(_ bytes: [UInt8], quotes: Bool) -> String {
            bytes.map { byte in
                if quotes || byte < 0x20 || byte == 0x7F { return JSONText.escaped(Self.text([byte]), quotes: quotes) }
                return Self.text([byte])
            }.joined()
        }
        for byte in UInt8(0)..<0x80 {
            for place in 0..<19 {
                var bytes = [UInt8](repeating: 0x61, count: 19)
                bytes[place] = byte
                bytes[(place + 7) % 19] = byte ^ 1
                for quotes in [true, false] {
                    #expect(JSONText.escaped(Self.text(bytes), quotes: quotes) == plain(bytes, quotes: quotes))
                }
            }
        }
        #expect(JSONText.escaped("größer, 大きい\n und 😀 noch länger\"") == #"größer, 大きい\n und 😀 noch länger\""#)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
