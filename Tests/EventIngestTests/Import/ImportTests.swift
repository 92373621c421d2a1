import Delimited
import Domain
import EventIngest
import Foundation
import TestSupport
import Testing

@Suite struct ImportTests {
    private func read(_ source: some EventImport, of batch: Int = 2) throws -> (
        events: [Event], movies: [Movie], summary: ImportSummary, batches: [Int]
    ) {
        var summary = ImportSummary()
        var events: [Event] = []
        var batches: [Int] = []
        try source.forEachBatch(of: batch, into: &summary) { batch, _ in
            events += batch
            batches.append(batch.count)
            return true
        }
        return (events, try source.movies(into: &summary), summary, batches)
    }

    private func pack(_ command: [String]) async throws {
        let (status, output) = try await runCommand(command[0], Array(command.dropFirst()))
        try #require(status == 0, "\(output)")
    }

    // MARK: Netflix

    private static let titles =
        Data("1,2003,Dinosaur Planet\n2,NULL,Something, and Nothing, at All\n3,1997,Mis".utf8) + Data([0xE9])
        + Data("rables\nx,2001,No Number\n5,2004\n".utf8)
    private static let firstRatings = """
        1:
        1488844,3,2005-09-06
        822109,5,2005-05-13
        2:
        885013,4,2005-10-19
        885013,7,2005-10-19
        12,4,2005-02-30
        12,4
        """
    private static let secondRatings = "99,1,2005-01-01\r\n3:\r\n7,1,1999-11-11\r\n"

    @Test(arguments: ["movie_titles.txt", "movie_titles.csv"])
    func netflixIsRead(titles: String) async throws {
        try await withTemporaryFolder { folder in
            try Self.titles.write(to: folder.appending(path: titles))
            try Data(Self.firstRatings.utf8).write(to: folder.appending(path: "combined_data_1.txt"))
            try Data(Self.secondRatings.utf8).write(to: folder.appending(path: "combined_data_2.txt"))
            let (events, movies, summary, batches) = try read(Netflix(path: folder.path))
            #expect(
                events.map(\.eventID) == [
                    "nf-1488844-1-2005-09-06", "nf-822109-1-2005-05-13", "nf-885013-2-2005-10-19", "nf-7-3-1999-11-11",
                ])
            #expect(events.map(\.value) == [3, 5, 4, 1])
            #expect(events[0].at == Timestamp("2005-09-06T00:00:00Z"))
            #expect(batches == [2, 2])
            #expect(movies.map(\.title) == ["Dinosaur Planet", "Something, and Nothing, at All", "Misérables"])
            #expect(movies.map(\.year) == [2003, nil, 1997])
            #expect(
                summary.rejected == [
                    "value-out-of-range": 1, "invalid-time": 1, "wrong-number-of-fields": 1, "no-film": 1,
                    "invalid-id": 1, "missing-title": 1,
                ])
        }
    }

    @Test func anArchiveIsAsGoodAsItsFolder() async throws {
        try await withTemporaryFolder { folder in
            let inside = folder.appending(path: "nf_prize")
            try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: false)
            try Self.titles.write(to: inside.appending(path: "movie_titles.txt"))
            // Long enough for several pieces.
            let many = "9:\n" + (1...60_000).map { "\($0),\($0 % 5 + 1),2004-0\($0 % 9 + 1)-11\n" }.joined()
            try Data(many.utf8).write(to: inside.appending(path: "combined_data_1.txt"))
            let archive = folder.appending(path: "nf.tar.gz").path
            try await pack(["/bin/tar", "-C", folder.path, "-czf", archive, "nf_prize"])
            let plain = try read(Netflix(path: inside.path), of: 7000)
            let packed = try read(Netflix(path: archive), of: 7000)
            #expect(plain.events.count == 60_000)
            #expect(packed.events == plain.events)
            #expect(packed.movies.map(\.title) == plain.movies.map(\.title))
            // Cut short, it is refused and not taken for whole.
            let bytes = try Data(contentsOf: URL(filePath: archive))
            try bytes.prefix(bytes.count / 2).write(to: URL(filePath: archive))
            #expect(throws: DelimitedError.self) { try read(Netflix(path: archive), of: 7000) }
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "needs make venv"))
    func movieLensIsReadFromItsZip() async throws {
        try await withTemporaryFolder { folder in
            let inside = folder.appending(path: "ml-mini")
            try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: false)
            let ratings = "userId,movieId,rating,timestamp\r\n1,2,4.5,964982703\r\n1,3,4,964981247\r\n"
            try Data(ratings.utf8).write(to: inside.appending(path: "ratings.csv"))
            try Data("movieId,title,genres\r\n2,Heat (1995),Action|Crime\r\n".utf8)
                .write(to: inside.appending(path: "movies.csv"))
            let zip = folder.appending(path: "ml-mini.zip").path
            try await pack([Checkout.python!.path, "-m", "zipfile", "-c", zip, inside.path])
            let source = try MovieLens(path: zip)
            let (events, movies, summary, _) = try read(source)
            #expect(events.map(\.eventID) == ["ml-1-2-964982703", "ml-1-3-964981247"])
            #expect(movies.map(\.title) == ["Heat"])
            #expect(summary.rejectedCount == 0)
            #expect(source.byteCount == ratings.utf8.count)
        }
    }

    // MARK: CSV

    private func csv(
        _ text: String, _ map: String, packed: Bool = false, _ change: (inout MappedCSV.Options) -> Void = { _ in }
    ) async throws -> (events: [Event], summary: ImportSummary) {
        var options = MappedCSV.Options()
        change(&options)
        return try await withTemporaryFolder { [options] folder in
            var file = folder.appending(path: "ratings.csv").path
            try Data(text.utf8).write(to: URL(filePath: file))
            if packed {
                try await pack(["/bin/gzip", file])
                file += ".gz"
            }
            let (events, _, summary, _) = try read(
                MappedCSV(path: file, map: #require(ColumnMap(map)), options: options))
            return (events, summary)
        }
    }

    @Test(arguments: [false, true])
    func columnsAreFoundByTheirNames(packed: Bool) async throws {
        let (events, summary) = try await csv(
            #"""
            ts,uid,movie,stars,note
            1117872000,u1,"m,1",4.5,"said ""wow"""
            2005-06-04T08:00:00Z,u2,m2,3,
            2005-06-04,u3,m3,1,x
            1117872000123,u4,m4,5,x
            """#, "user=uid,item=movie,value=stars,at=ts,text=note", packed: packed)
        #expect(summary.rejectedCount == 0)
        #expect(events.map(\.itemID) == ["m,1", "m2", "m3", "m4"])
        #expect(events[0].reviewText == "said \"wow\"")
        #expect(events[1].reviewText == nil)
        #expect(events[0].eventID == "csv-u1-m,1-review-1117872000000000")
        #expect(
            events.map(\.at.description) == [
                "2005-06-04T08:00:00Z", "2005-06-04T08:00:00Z", "2005-06-04T00:00:00Z", "2005-06-04T08:00:00.123Z",
            ])
    }

    @Test func columnsAreFoundByTheirNumbers() async throws {
        let (events, summary) = try await csv(
            "u1\tm1\t2005-06-04 10:00:00\tlike\t-1\nu2\tm2\t1117872000\tview\t\nu3\tm3\t1117872000\tlook\t1\n",
            "user=1,item=2,at=3,kind=4,value=5"
        ) {
            $0.hasHeader = false
            $0.separator = "\t"
            $0.source = "plays"
        }
        #expect(events.map(\.kind) == [.like, .view])
        #expect(events.map(\.value) == [-1, 1])
        #expect(events[0].source == "plays")
        #expect(summary.rejected == ["unknown-kind": 1])
    }

    @Test func everyBadLineHasItsReason() async throws {
        let (events, summary) = try await csv(
            """
            u,i,v,t
            a,b,4,1117872000
            ,b,4,1117872000
            a,\(String(repeating: "x", count: 257)),4,1117872000
            a,b,6,1117872000
            a,b,,1117872000
            a,b,4,later
            a,b,4,99
            a,b,4,9999999999
            a
            "a,b
            """, "user=u,item=i,value=v,at=t")
        #expect(events.count == 1)
        #expect(
            summary.rejected == [
                "empty-id": 1, "id-too-long": 1, "value-out-of-range": 2, "invalid-time": 1, "time-out-of-window": 2,
                "wrong-number-of-fields": 1, "unclosed-quote": 1,
            ])
    }

    @Test(arguments: ["", "user=a", "user=a,item=b", "user=a,item=b,at=", "user=a,item=b,at=c,user=d", "x=a"])
    func aMapOfAnotherFormIsRefused(text: String) { #expect(ColumnMap(text) == nil) }

    @Test func aColumnThatIsNotThereIsNamed() async throws {
        await #expect {
            _ = try await csv("a,b,c\n", "user=a,item=b,at=d")
        } throws: { error in
            (error as? IngestError)?.message.contains("has no column d; its columns are a, b, c") == true
        }
    }
}
