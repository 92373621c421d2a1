import Delimited
import Domain
import EventIngest
import Foundation
import TestSupport
import Testing

/// What real files do to a reader of separated values.
@Suite struct CSVImportTests {
    private static let map = "user=u,item=i,value=v,at=t"

    private func csv(
        _ text: String, _ map: String = map, _ change: (inout MappedCSV.Options) -> Void = { _ in }
    ) async throws -> (events: [Event], summary: ImportSummary) {
        var options = MappedCSV.Options()
        change(&options)
        return try await withTemporaryFolder { [options] folder in
            let file = folder.appending(path: "ratings.csv").path
            try Data(text.utf8).write(to: URL(filePath: file))
            return try read(MappedCSV(path: file, map: #require(ColumnMap(map)), options: options))
        }
    }

    private func read(_ source: MappedCSV) throws -> (events: [Event], summary: ImportSummary) {
        var summary = ImportSummary()
        var events: [Event] = []
        try source.forEachBatch(of: 1000, into: &summary) { batch, _ in
            events += batch
            return true
        }
        return (events, summary)
    }

    @Test func aRefusalShowsTheValueAndWhatIsAccepted() async throws {
        let (_, summary) = try await csv(
            "u,i,v,t\na,b,4,yesterday\na,b,6,1117872000\na,NULL,4,1117872000\na,b,4,1117872000\na,b,3,99\na,b,3\n")
        #expect(
            summary.examples.map { "\($0.place) \($0.reason) \($0.detail ?? "")" } == [
                "ratings.csv:2 invalid-time 'yesterday' is none of \(InstantText.forms)",
                "ratings.csv:3 value-out-of-range '6' is not in 0.5..5", "ratings.csv:4 null-id 'NULL'",
                "ratings.csv:6 time-out-of-window 1970-01-01T00:01:39Z is before 1980 or to come",
                "ratings.csv:7 wrong-number-of-fields 3 and not 4",
            ])
    }

    @Test func usersThatAreOneAreOne() async throws {
        let (events, summary) = try await csv(
            #"""
            u,i,v,t
             11,m1,4,1117872000
            11 ,m2,4,1117872000
            11, m3 ,4, 1117872000.5
            3.0,1.0,4,2005-06-04 08:00:00 UTC
            3,2,4,2005-06-04T08:00:00+0000
            nan,1,4,1117872000
            NULL,1,4,1117872000
            \N,1,4,1117872000
            ,1,4,1117872000
            """#)
        #expect(events.map(\.userID) == ["11", "11", "11", "3", "3"])
        #expect(events.map(\.itemID) == ["m1", "m2", "m3", "1", "2"])
        #expect(events[2].at == Timestamp("2005-06-04T08:00:00.5Z") && events[3].at == events[4].at)
        #expect(summary.rejected == ["null-id": 3, "empty-id": 1])
        #expect(summary.notes == [.trimmedIdentifiers: 3, .wholeIdentifiers: 2])
    }

    @Test func aQuoteInACellThatIsNotMappedSwallowsNothing() async throws {
        let (events, summary) = try await csv(
            "u,i,v,t,note\na,b,4,1117872000,5\" disk\nc,d,4,1117872000,x\ne,f,4,1117872000,\"y\n")
        #expect(events.map(\.userID) == ["a", "c"])
        #expect(summary.rejected == ["unclosed-quote": 1] && summary.examples.map(\.place) == ["ratings.csv:4"])
    }

    @Test func oneEscapedQuoteCostsOneRow() async throws {
        let lines = (0..<30_000).map {
            "u\($0),m,4,1117872000," + ($0 == 10_000 ? #""say \"hi\"""# : "\"note, \($0)\"")
        }
        let text = "u,i,v,t,note\n" + lines.joined(separator: "\n")
        let (events, summary) = try await csv(text, Self.map + ",text=note")
        #expect(events.count == 29_999)
        #expect(summary.rejected == ["text-after-quote": 1] && summary.examples.map(\.place) == ["ratings.csv:10002"])
        let escaped = try await csv(text, Self.map + ",text=note") { $0.escape = UInt8(ascii: "\\") }
        #expect(escaped.events.count == 30_000 && escaped.events[10_000].reviewText == "say \"hi\"")
    }

    @Test func rowsOfSeveralLinesAreCountedAndNamed() async throws {
        let (events, summary) = try await csv(
            "u,i,v,t,note\na,b,4,1117872000,\"one\ntwo\nthree\"\nc,d,9,1117872000,\"four\nfive\"\ne,f,4,1117872000,x\n",
            Self.map + ",text=note")
        #expect(events.map(\.reviewText) == ["one\ntwo\nthree", "x"])
        #expect(summary.notes == [.longRows: 1] && summary.firstLongRow?.place == "ratings.csv:2-4")
        #expect(summary.examples.map(\.place) == ["ratings.csv:5-6"])
        // Two quotes that have nothing to do with each other make a row with too many values.
        let stray = try await csv(
            "u,i,v,t,note\na,b,4,1117872000,\"stray\nc,d,4,1117872000,x\ne,f,4,1117872000,\", y\"\ng,h,4,1117872000,z\n"
        )
        #expect(stray.events.map(\.userID) == ["c", "e", "g"])
        #expect(stray.summary.rejected == ["unclosed-quote": 1])
    }

    @Test func tabSeparatedFilesHaveNoQuotes() async throws {
        let text = "u\ti\tv\tt\tnote\na\tb\t4\t1117872000\t\"Weird Al\nc\td\t4\t1117872000\t\"x\"\n"
        let plain = try await csv(text, Self.map + ",text=note") { $0.separator = "\t" }
        #expect(plain.events.map(\.reviewText) == ["\"Weird Al", "\"x\""])
        let quoted = try await csv(text, Self.map + ",text=note") {
            $0.separator = "\t"
            $0.quote = .character(UInt8(ascii: "\""))
        }
        #expect(quoted.events.map(\.reviewText) == ["x"] && quoted.summary.rejectedCount == 1)
    }

    @Test func aRowThatIsTooLongOrTooShortIsNotReadIntoTheWrongFields() async throws {
        let (events, summary) = try await csv(
            "title,u,i,v,t\nHeat,a,b,4,1117872000\nBuck, Uncle,a,b,4,1117872000\nX,a,b,4,1117872000,,\nY,a,b,4\n")
        #expect(events.count == 2)
        #expect(summary.rejected == ["wrong-number-of-fields": 2])
    }

    @Test func anotherScaleIsRefusedWithTheOptionThatTakesIt() async throws {
        let text = "u,i,v,t\n" + (1...40).map { "u\($0),m,\($0 % 10 + 1),1117872000\n" }.joined()
        await #expect {
            _ = try await csv(text)
        } throws: { error in
            (error as? IngestError)?.code == "import-scale" && "\(error)".contains("--scale 1..10")
                && "\(error)".contains("20 of its 40")
        }
        let scaled = try await csv(text) { $0.scale = RatingScale("1..10") }
        #expect(scaled.events.count == 40 && scaled.events[0].value == 1 && scaled.events[8].value == 5)
        #expect(scaled.summary.notes == [.scaledValues: 40])
        let plain = try await csv(text) { $0.scale = RatingScale("0.5..5") }
        #expect(plain.events.count == 20 && plain.summary.rejected == ["value-out-of-range": 20])
        for (values, scale) in [
            ("0,0.2,0.9,1", "0..1"), ("0,10,3,7", "0..10"), ("20,80,100,0", "0..100"), ("-10,10,0,3", "-10..10"),
            ("0,5,0,3", "0..5"), ("1,2,7,8", "1..10"),
        ] {
            let text = "u,i,v,t\n" + values.split(separator: ",").map { "u,m\($0),\($0),1117872000\n" }.joined()
            await #expect {
                _ = try await csv(text)
            } throws: { error in
                "\(error)".contains("--scale \(scale);")
            }
        }
    }

    @Test(arguments: ["1", "5..1", "a..b", "1..", "..5", "1..1", "1...5"])
    func aScaleOfAnotherFormIsRefused(text: String) { #expect(RatingScale(text) == nil) }

    @Test func aFolderOfPartsIsOneFile() async throws {
        try await withTemporaryFolder { folder in
            let parts = [
                "part-00000-a.csv": "u,i,v,t\na,m,4,1117872000\n", "part-00001-a.csv": "i,u,t,v\nm,b,1117872000,3\n",
                "part-00002-a.csv": "", "part-00003-a.csv": "u,i,v,t\n", "_SUCCESS": "", "notes.txt": "x",
                ".part-00000-a.csv.crc": "crc",
            ]
            for (name, text) in parts { try Data(text.utf8).write(to: folder.appending(path: name)) }
            let (status, output) = try await runCommand("/bin/gzip", [folder.appending(path: "part-00000-a.csv").path])
            try #require(status == 0, "\(output)")
            let map = try #require(ColumnMap(Self.map))
            let (events, summary) = try read(MappedCSV(path: folder.path, map: map))
            #expect(events.map(\.userID) == ["a", "b"] && events.map(\.value) == [4, 3])
            #expect(summary.rejectedCount == 0)
            try Data("u,v,t\nx,4,1117872000\n".utf8).write(to: folder.appending(path: "part-00004-a.csv"))
            #expect {
                try MappedCSV(path: folder.path, map: map)
            } throws: { error in
                "\(error)".contains("part-00004-a.csv has no column i")
            }
        }
    }

    @Test func madeIdentifiersTellEventsApart() async throws {
        let (events, _) = try await csv(
            """
            u,i,v,t
            a-b,c,4,1117872000
            a,b-c,4,1117872000
            a,b%2Dc,4,1117872000
            \(String(repeating: "x", count: 200)),\(String(repeating: "y", count: 200)),4,1117872000
            """)
        #expect(Set(events.map(\.eventID)).count == 4)
        #expect(events[0].eventID == "csv-a-b-c-review-1117872000000000")
        #expect(events.allSatisfy { $0.eventID.utf8.count <= 256 })
    }
}
