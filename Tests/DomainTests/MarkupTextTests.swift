import Domain
import Testing

@Suite struct MarkupTextTests {
    /// A quote, an ampersand or an angle bracket with a combining mark behind it is one character, and still means what it does.
    @Test(arguments: ["", "\u{301}", "\u{200D}", "\u{FE0F}"])
    func whatMeansSomethingInMarkupIsEscapedWhateverStandsBehindIt(mark: String) {
        let text = ["&", "<", ">", "\"", "'"].map { $0 + mark }.joined(separator: "x")
        let escaped = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].map { $0 + mark }.joined(separator: "x")
        #expect(MarkupText.escaped(text).utf8.elementsEqual(escaped.utf8))
        #expect(MarkupText.escaped("日本\u{301} e\u{301}").utf8.elementsEqual("日本\u{301} e\u{301}".utf8))
    }
}
