import Domain
import Testing

@testable import Delimited

@Suite struct SeparatedTextTests {
    private func cell(_ text: String) -> String {
        var bytes: [UInt8] = []
        SeparatedText.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func harmless(_ text: String) -> String {
        var bytes: [UInt8] = []
        SeparatedText.append(harmless: text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let rows = [["a", "b,c", #"say "hi""#], ["\"\u{301},x", "two\nlines", "é\u{301}"], ["", "=1", "\"\""]]
        let text = rows.map { $0.map(cell).joined(separator: ",") }.joined(separator: "\n") + "\n"
        let reader = try DelimitedReader(BytesStream(Array(text.utf8)), path: "test")
        for row in rows {
            #expect(try reader.next() == .row)
            for (place, value) in row.enumerated() {
                #expect(reader.string(place).utf8.elementsEqual(value.utf8), "\(value)")
            }
        }
    }

    @Test func noTextIsAFormula() {
        #expect(harmless("=1+1") == "'=1+1" && harmless("@x") == "'@x" && harmless("-2") == "'-2")
        #expect(harmless(" +1") == "' +1" && harmless("\t=1") == "'\t=1" && harmless("＝1") == "'＝1")
        #expect(harmless("\u{0}=1") == "'\\u0000=1" && harmless("a\u{0}b") == "a\\u0000b")
        #expect(harmless("a=1") == "a=1" && harmless("") == "" && harmless("日本") == "日本")
        #expect(harmless("=a,b") == #""'=a,b""#)
    }
}
