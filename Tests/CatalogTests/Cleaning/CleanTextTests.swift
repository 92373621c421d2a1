import Domain
import TestSupport
import Testing

@testable import Catalog

@Suite struct CleanTextTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("  a \n\t b\r\n", "a b"), ("", ""), ("<b>bold</b>er", "bolder"),
            ("one<br/>two<BR>three", "one two three"), ("<p class=\"a>b\">x</p>y", "x y"),
            ("a <a href='http://x/?a=1&amp;b=2'>link</a>", "a link"), ("x<!-- secret -->y", "x y"),
            ("<script>alert('<p>')</script>kept", "kept"), ("<style>p{}</STYLE>kept", "kept"),
            ("Tom &amp; Jerry &#39;92 &#x2014; caf&eacute;", "Tom & Jerry '92 — café"),
            ("&amp;lt;b&amp;gt;deep&amp;lt;/b&amp;gt;", "deep"),
            // What only looks like markup is text.
            ("I <3 you", "I <3 you"), ("a < b > c", "a < b > c"), ("AT&T; R&D", "AT&T; R&D"),
            ("<Untitled>", "<Untitled>"),
            ("<bold move>", "<bold move>"), ("1 <b 2", "1 <b 2"), ("&#xD800; &#0;x", "&#xD800; x"), ("<br\u{0}>x", "x"),
            ("<b\u{AD}r>x", "x"),
            ("& ; &;", "& ; &;"),
            // Control characters part words, invisible ones join nothing.
            ("a\u{0}b\u{7}c", "a b c"), ("soft\u{AD}hyphen \u{FEFF}bom \u{200B}zero", "softhyphen bom zero"),
            ("\u{202E}turned\u{202C}", "turned"), ("no\u{A0}break\u{2003}space", "no break space"),
            // Scripts that need joiners keep them.
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
        ] as [(String, String)])
    func textIsAsPeopleReadIt(raw: String, expected: String) {
        #expect(CleanText(raw).text == expected)
    }

    @Test func whatWasTakenAwayIsSaid() {
        #expect(CleanText("<b>x</b>").hadMarkup && !CleanText("a < b").hadMarkup)
        #expect(CleanText("a\u{1}b").hadControls && CleanText("a\u{200B}b").hadControls)
        #expect(!CleanText("a\n\tb").hadControls)
    }

    /// Whatever the text: clean text is clean, and nothing but markup, blanks and invisible characters is lost.
    @Test func cleaningTwiceChangesNothing() {
        var generator = SeededGenerator(seed: 17)
        let pieces = [
            "<b>", "</b>", "<", ">", "&amp;", "&lt;", "&", ";", "a", " ", "\u{0}", "é", "<br", "/>", "<!--", "-->",
            "\"", "&#60;",
        ]
        for _ in 0..<3000 {
            let raw = (0...generator.below(9)).map { _ in pieces[generator.below(pieces.count)] }.joined()
            let once = CleanText(raw).text
            #expect(CleanText(once).text == once, "\(raw.debugDescription)")
        }
    }

    @Test func aTitleOfMarkupAloneStaysATitle() {
        let film = MovieCleaner.clean(Movie(itemID: "1", title: "<b></b>"))
        #expect(film.title == "<b></b>" && !film.isWithdrawn)
    }

    @Test func cleaningAFilmNotesWhatItDid() {
        let film = MovieCleaner.clean(
            Movie(
                itemID: "1", title: "A\u{7}B", overview: "<i>x</i> " + String(repeating: "word ", count: 20_000),
                genres: ["<b>Drama</b>", "Drama", " "], language: "Klingon!", keywords: ["a\u{200B}"]))
        #expect(film.title == "A B" && film.genres == ["Drama"] && film.keywords == ["a"] && film.language == nil)
        #expect(film.overview.utf8.count > 99_000 && film.description.hasPrefix("A B. x word"))
        #expect(
            Set(film.findings.map(\.rule)) == [
                "markup-removed", "controls-removed", "long-text", "impossible-language",
            ])
        #expect(film.findings.first { $0.rule == "markup-removed" }?.detail == "genres, overview")
        #expect(MovieCleaner.clean(film) == film)
    }
}
