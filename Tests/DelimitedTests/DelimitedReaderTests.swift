import Domain
import Foundation
import TestSupport
import Testing

@testable import Delimited

@Suite struct DelimitedReaderTests {
    /// A stream that comes in pieces.
    private final class Pieces: ByteStream {
        private var rest: ArraySlice<UInt8>
        private let size: Int

        init(_ bytes: [UInt8], of size: Int) {
            rest = bytes[...]
            self.size = size
        }

        func next() throws -> [UInt8]? {
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
    }

    private struct Read: Equatable {
        var rows: [[String]] = []
        /// First and last line of each row.
        var lines: [[Int]] = []
        /// Line and reason.
        var refused: [String] = []
    }

    private func read(
        _ bytes: [UInt8], _ format: DelimitedFormat = DelimitedFormat(), pieces: Int = 1 << 20
    ) throws -> Read {
        let reader = try DelimitedReader(Pieces(bytes, of: pieces), path: "x.csv", format: format)
        var read = Read()
        while true {
            switch try reader.next() {
            case .row:
                read.rows.append((0..<reader.fieldCount).map { reader.string($0) })
                read.lines.append([reader.line, reader.lastLine])
            case .refused(let reason): read.refused.append("\(reader.line) \(reason.rawValue)")
            case .end: return read
            }
        }
    }

    private func rows(_ text: String, _ format: DelimitedFormat = DelimitedFormat()) throws -> [[String]] {
        let read = try read(Array(text.utf8), format)
        #expect(read.refused == [])
        return read.rows
    }

    @Test(
        arguments: [
            ("", []), ("\n\r\n", []), ("a", [["a"]]), ("a,b\r\nc,\n", [["a", "b"], ["c", ""]]), (",", [["", ""]]),
            ("\u{FEFF}a,b", [["a", "b"]]), (#""a,b",c"#, [["a,b", "c"]]), (#""say ""hi""","""#, [[#"say "hi""#, ""]]),
            ("\"two\nlines\",x\ny,z", [["two\nlines", "x"], ["y", "z"]]), (#"5" disk,x"#, [[#"5" disk"#, "x"]]),
            (#"x,5""#, [["x", #"5""#]]), (#"a"b"c,"d""#, [[#"a"b"c"#, "d"]]), (#"a, "b""#, [["a", #" "b""#]]),
            (#""a" ,b"#, [["a", "b"]]), ("\"a\"\r\n\"b\"\r\n", [["a"], ["b"]]), (#""""""#, [[#"""#]]),
            ("a\\,b", [["a\\", "b"]]), (#""a\",b"#, [[#"a\"#, "b"]]),
        ] as [(String, [[String]])])
    func rowsFollowRFC4180(text: String, expected: [[String]]) throws { #expect(try rows(text) == expected) }

    @Test func aQuoteInsideAValueIsText() throws {
        let text = "id,name,note\n1,disk,5\" wide\n2,\"a, b\",x\n3,c,3.5\"\n"
        #expect(try rows(text).map { $0[2] } == ["note", "5\" wide", "x", "3.5\""])
    }

    @Test(arguments: [1, 2, 3, 7, 1 << 20])
    func oneBadRowOfThirtyThousandCostsOneRow(pieces: Int) throws {
        for (bad, reason) in [
            (#"9999,"say \"hi\" now",x"#, "text-after-quote"), (#"9999,"Weird Al" Yankovic,x"#, "text-after-quote"),
            (#"9999,"never closed,x"#, "text-after-quote"), (#"9999,"ends in \"",x"#, "text-after-quote"),
        ] {
            let count = pieces < 10 ? 300 : 30_000
            var lines = (0..<count).map { "\($0),\"text, \($0)\",y" }
            lines[count / 3] = bad
            let read = try read(Array(lines.joined(separator: "\n").utf8), pieces: pieces)
            // What was behind the open quote up to the next one is read again.
            #expect(read.rows.filter { $0.count == 3 }.count == count - 1, "\(bad)")
            #expect(read.refused == ["\(count / 3 + 1) \(reason)"], "\(bad)")
        }
    }

    @Test func aQuoteThatIsNeverClosedCostsItsLine() throws {
        let lines = (0..<1000).map { $0 == 10 ? "\($0),\"open,y" : "\($0),text,y" }
        let read = try read(Array(lines.joined(separator: "\n").utf8), pieces: 100)
        #expect(read.rows.count == 999)
        #expect(read.refused == ["11 unclosed-quote"])
    }

    @Test func aRowOfSeveralLinesThatIsNoneIsReadAgain() throws {
        let text = "1,\"open,x\n2,b,y\n3,\", c\",z\n"
        let reader = try DelimitedReader(BytesStream(Array(text.utf8)), path: "x.csv")
        #expect(try reader.next() == .row)
        #expect((reader.line, reader.lastLine) == (1, 3) && reader.fieldCount == 4)
        try reader.resumeBehindFirstLine()
        var rows: [[String]] = []
        while try reader.next() == .row { rows.append((0..<reader.fieldCount).map { reader.string($0) }) }
        #expect(rows == [["2", "b", "y"], ["3", ", c", "z"]])
        #expect(reader.line == 4 && reader.consumed == text.utf8.count)
    }

    @Test func quotesAndEscapesAreWhatTheFormatSays() throws {
        #expect(try rows("\"a,\"b\"\n", DelimitedFormat(quote: nil)) == [["\"a", "\"b\""]])
        #expect(try rows("'a,b',\"c\n", DelimitedFormat(quote: UInt8(ascii: "'"))) == [["a,b", "\"c"]])
        let escaped = DelimitedFormat(escape: UInt8(ascii: "\\"))
        #expect(try rows(#""say \"hi\", ""you""",\N,a\,b"#, escaped) == [[#"say "hi", "you""#, #"\N"#, "a,b"]])
        #expect(try rows("\"a\tb\"\t\"c\n", .tabs) == [["\"a", "b\"", "\"c"]])
        #expect(
            try rows("1::a:b::c\n2::::\n", DelimitedFormat(separator: "::", quote: nil))
                == [["1", "a:b", "c"], ["2", "", ""]])
    }

    @Test(arguments: [false, true])
    func whatIsNotUTF8IsLatin1OrRefused(isAllowed: Bool) throws {
        let bytes =
            Array("1,Misérables\n2,Mis".utf8) + [0xE9] + Array("rables\n3,".utf8) + [0xFF, 0x0A] + Array("4,x".utf8)
        let read = try read(bytes, DelimitedFormat(isLatin1Allowed: isAllowed))
        if isAllowed {
            #expect(read.rows.map { $0[1] } == ["Misérables", "Misérables", "ÿ", "x"])
        } else {
            #expect(read.rows.map { $0[1] } == ["Misérables", "x"])
            #expect(read.refused == ["2 invalid-utf8", "3 invalid-utf8"])
        }
    }

    @Test func otherWaysToStoreTextAreNamed() throws {
        let text = "userId,movieId,rating,timestamp\n1,2,3,964982703\n"
        func utf16(_ text: String, isBig: Bool, mark: Bool) -> [UInt8] {
            ((mark ? "\u{FEFF}" : "") + text).utf16.flatMap {
                isBig ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0 & 255), UInt8($0 >> 8)]
            }
        }
        let cases: [([UInt8], String)] = [
            (utf16(text, isBig: false, mark: true), "UTF-16"), (utf16(text, isBig: true, mark: true), "UTF-16"),
            (utf16(text, isBig: false, mark: false), "UTF-16"), (utf16(text, isBig: true, mark: false), "UTF-16"),
            ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], "UTF-32"),
            (Array(text.replacing("\n", with: "\r").utf8), "lines end in CR"),
        ]
        for (bytes, name) in cases {
            #expect { try read(bytes) } throws: { error in
                (error as? DelimitedError)?.code == "text-encoding" && "\(error)".contains(name)
            }
        }
    }

    @Test func longRowsAreBounded() throws {
        let long = String(repeating: "x", count: DelimitedReader.longestRow + 10)
        let read = try read(Array("a,b\n1,\(long)\n2,y\n".utf8), pieces: 1 << 16)
        #expect(read.rows == [["a", "b"], ["2", "y"]])
        #expect(read.refused == ["2 row-too-long"])
    }

    /// Each line opens a quote that the next one closes and opens again: every line would be read to the end anew.
    @Test func quotesWithoutEndAreGivenUp() {
        let line = "a\",x,\"\n"
        let bytes = Array(String(repeating: line, count: 4_000_000 / line.utf8.count).utf8)
        #expect(throws: DelimitedError.self) { try read(bytes) }
    }

    @Test func thePiecesOfAFileDoNotMatter() throws {
        var random = SeededGenerator(seed: 5)
        let alphabet = Array("ab,\"\n\r\\ é".unicodeScalars.map(String.init))
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
                .joined()
            let bytes = Array(text.utf8)
            let format = DelimitedFormat(escape: Bool.random(using: &random) ? UInt8(ascii: "\\") : nil)
            guard let whole = try? read(bytes, format) else { continue }
            for pieces in [1, 2, 5] {
                #expect(try read(bytes, format, pieces: pieces) == whole, "\(text.debugDescription)")
            }
            // Every line is in a row, in a refusal, or empty.
            let taken = whole.lines.map { $0[1] - $0[0] + 1 }.reduce(0, +) + whole.refused.count
            #expect(taken <= text.unicodeScalars.filter { $0 == "\n" }.count + 1)
        }
    }

    @Test func numbersAreReadWithBlanksAndAsFloatsWriteThem() throws {
        let reader = try DelimitedReader(
            BytesStream(Array("7, 11 ,862.0,-1,x,,3.50,nan,12345678901234567890\n".utf8)), path: "x.csv")
        #expect(try reader.next() == .row)
        #expect((0..<9).map { reader.integer($0) } == [7, 11, 862, nil, nil, nil, nil, nil, nil])
        #expect(reader.number(6) == 3.5 && reader.number(3) == -1 && reader.number(4) == nil && reader.number(7) == nil)
    }
}

@Suite struct CellTests {
    @Test(
        arguments: [
            ("11", "11"), (" 11", "11"), ("11\t ", "11"), ("\u{A0}11\u{A0}", "11"), ("3.0", "3"), ("3.000", "3"),
            ("-3.0", "-3"), ("3.5", "3.5"), ("v1.0", "v1.0"), ("1.2.0", "1.2.0"), (".0", ".0"), ("", nil), ("  ", nil),
            ("nan", nil),
            ("NaN", nil), ("NULL", nil), ("null", nil), ("\\N", nil), ("None", nil), ("<NA>", nil), ("N/A", nil),
            ("nanna", "nanna"), ("Nancy", "Nancy"), ("n", "n"),
        ] as [(String, String?)])
    func identifiersAreReadAsTheyAreMeant(text: String, identifier: String?) {
        #expect(Cell.identifier(text) == identifier)
    }
}

@Suite struct HeaderTests {
    private func header(_ line: String) throws -> Header {
        try Header(DelimitedReader(BytesStream(Array(line.utf8)), path: "x.csv"), path: "x.csv")
    }

    @Test func columnsAreFoundByNameWhateverTheirOrderAndCase() throws {
        #expect(
            try header(" rating , Movie_ID,userId\n").indices(of: ["userId", "movieId", "rating"], path: "x") == [
                2, 1, 0,
            ])
    }

    @Test func columnsThatAreMissingOrThereTwiceAreNamed() throws {
        for line in ["a,b\n", "a,b,userId,userId\n", "a,b,user_id,UserID\n"] {
            #expect {
                try header(line).indices(of: ["a", "userId"], path: "x.csv")
            } throws: { error in
                (error as? DelimitedError)?.code == "columns-missing" && "\(error)".contains("no column userId")
            }
        }
    }
}
