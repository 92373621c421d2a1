import Delimited
import Domain
import EventIngest
import Foundation
import TestSupport
import Testing

private let latest = Checkout.shared("data/ml-latest-small")

@Suite struct MovieLensTests {
    private func read(_ files: [String: Data]) async throws -> (events: [Event], movies: [Movie], ImportSummary) {
        try await withTemporaryFolder { folder in
            for (name, data) in files { try data.write(to: folder.appending(path: name)) }
            let source = try MovieLens(path: folder.path)
            var summary = ImportSummary()
            var events: [Event] = []
            try source.forEachBatch(of: 2, into: &summary) { batch, _ in
                events += batch
                return true
            }
            return (events, try source.movies(into: &summary), summary)
        }
    }

    @Test(arguments: ["\n", "\r\n"])
    func csvIsReadWithEitherLineEnd(lineEnd: String) async throws {
        let ratings = ["userId,movieId,rating,timestamp", "1,2,4.5,964982703", "1,3,4,964981247", "2,2,0.5,964982224"]
        let movies = [
            "movieId,title,genres", "2,\"American President, The (1995)\",Comedy|Drama",
            "3,\"Say \"\"Hi\"\" (2001)\",(no genres listed)", "4,Babylon 5,Sci-Fi", "",
        ]
        let (events, films, summary) = try await read([
            "ratings.csv": Data(ratings.joined(separator: lineEnd).utf8),
            "movies.csv": Data(movies.joined(separator: lineEnd).utf8),
        ])
        #expect(events.map(\.eventID) == ["ml-1-2-964982703", "ml-1-3-964981247", "ml-2-2-964982224"])
        #expect(events.map(\.value) == [4.5, 4, 0.5])
        #expect(films.map(\.title) == ["The American President", "Say \"Hi\"", "Babylon 5"])
        #expect(films.map(\.year) == [1995, 2001, nil])
        #expect(films.map(\.genres) == [["Comedy", "Drama"], [], ["Sci-Fi"]])
        #expect(summary.rejectedCount == 0)
    }

    @Test func badLinesAreCountedByReasonAndTheRestIsTaken() async throws {
        let ratings = """
            userId,movieId,rating,timestamp
            1,2,4.5,964982703
            1,2,4.5
            x,2,4.5,964982703
            1,2,9,964982703
            1,2,4.5,soon
            2,2,4.5,964982704
            "2,2,4.5,964982704
            """
        let (events, _, summary) = try await read([
            "ratings.csv": Data(ratings.utf8), "movies.csv": Data("movieId,title,genres\n".utf8),
        ])
        #expect(events.count == 2)
        #expect(
            summary.rejected == [
                "wrong-number-of-fields": 1, "invalid-id": 1, "value-out-of-range": 1, "invalid-time": 1,
                "unclosed-quote": 1,
            ])
        #expect(summary.examples.map(\.line) == [3, 4, 5, 6, 8])
    }

    @Test func theOlderLayoutsAreRead() async throws {
        let million = try await read([
            "ratings.dat": Data("1::1193::5::978300760\n".utf8),
            "movies.dat": Data("1193::Mis".utf8) + Data([0xE9]) + Data("rables, Les (1995)::Drama|Musical\n".utf8),
        ])
        #expect(million.events.first?.value == 5)
        #expect(million.movies.first?.title == "Les Misérables")
        let flags = "0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0"
        let hundredThousand = try await read([
            "u.data": Data("196\t242\t3\t881250949\n".utf8),
            "u.item": Data("242|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/|\(flags)\n".utf8),
        ])
        #expect(hundredThousand.events.first?.eventID == "ml-196-242-881250949")
        #expect(hundredThousand.movies.first?.genres == ["Animation", "Children", "Comedy"])
    }

    @Test func aFolderWithoutRatingsIsRefused() async throws {
        await #expect(throws: DelimitedError.self) { _ = try await read([:]) }
        #expect(throws: DelimitedError.self) { _ = try MovieLens(path: "/no/such/folder") }
    }

    @Test(.enabled(if: latest != nil, "needs shared/data/ml-latest-small"))
    func theRealEditionIsReadWhole() throws {
        let source = try MovieLens(path: latest!.path)
        var summary = ImportSummary()
        var users: Set<String> = []
        try source.forEachBatch(into: &summary) { events, _ in
            users.formUnion(events.map(\.userID))
            return true
        }
        let movies = try source.movies(into: &summary)
        #expect(summary.acceptedEvents == 100_836)
        #expect(users.count == 610)
        #expect(movies.count == 9_742)
        #expect(summary.rejectedCount == 0)
    }
}
