import Domain
import Testing

@Suite struct ExactTextTests {
    @Test("texts are one if their bytes are, whatever Swift makes of them")
    func bytes() {
        // Of each pair one text to Swift; the last two also have as many bytes.
        for (a, b) in [("\u{F1}", "n\u{303}"), ("\u{212B}", "A\u{30A}"), ("a\u{323}\u{307}", "a\u{307}\u{323}")] {
            #expect(a == b && !a.isExactly(b) && Set([ExactText(a), ExactText(b)]).count == 2)
        }
        for text in ["", "u42", "n\u{303}", String(repeating: "tt0133093 ", count: 20)] {
            // Made anew, so that no storage is shared.
            let other = String(decoding: Array(text.utf8), as: UTF8.self)
            #expect(text.isExactly(other) && ExactText(text).hashValue == ExactText(other).hashValue)
        }
        #expect(ExactText("e\u{301}") < ExactText("f") && ExactText("f") < ExactText("\u{E9}"))
    }
}
