import Testing

@testable import marquee

@Suite struct TerminalTests {
    @Test func columnsAlignAndWideCharactersCountTwo() {
        var table = TextTable([("TITLE", .left), ("N", .right)])
        table.add(["七人の侍", "7"])
        table.add(["Alien", "1979"])
        #expect(
            table.text == """
                TITLE        N
                七人の侍     7
                Alien     1979

                """)
    }

    @Test func nothingInACellSteersTheTerminal() {
        #expect(PrintableText.escaped("a\u{1B}[2Jb\u{202E}c\u{0}") == "a\\u{1B}[2Jb\\u{202E}c\\u{0}")
        #expect(PrintableText.escaped("\u{200F}\u{61C}\u{2067}") == "\\u{200F}\\u{61C}\\u{2067}")
        #expect(PrintableText.escaped("七人の侍 👨‍👩‍👧 é") == "七人の侍 👨‍👩‍👧 é")
        var table = TextTable([("TITLE", .left)])
        table.add(["one\ntwo\u{7}"])
        #expect(table.text == "TITLE\none two\\u{7}\n")
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func thousandsAreSeparated(number: Int, text: String) {
        #expect(Figure.count(number) == text)
    }

    @Test(arguments: [
        (0.0424, "42 ms"), (0.9996, "1.0 s"), (3.21, "3.2 s"), (59.97, "1 min 0 s"), (75, "1 min 15 s"),
        (7260, "2 h 1 min"),
    ])
    func lengthsOfTimeAreWrittenInTheUnitsPeopleUse(seconds: Double, text: String) {
        #expect(Figure.seconds(seconds) == text)
    }

    @Test func bytesAndDecimalsAreRounded() {
        #expect(Figure.bytes(1023) == "1023 B")
        #expect(Figure.bytes(1536) == "1.5 KiB")
        #expect(Figure.decimal(0.05, digits: 1) == "0.1")
        #expect(Figure.decimal(-0.001, digits: 2) == "0.00")
        #expect(Figure.decimal(2, digits: 3) == "2.000")
        #expect(Figure.decimal(.nan, digits: 3) == "nan")
    }

    @Test func wrappingKeepsTheIndent() {
        let line = "  --x   " + String(repeating: "word ", count: 40)
        let lines = TextLayout.wrapped(line, indent: 8).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.count <= TextLayout.width })
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("        word") })
    }
}
