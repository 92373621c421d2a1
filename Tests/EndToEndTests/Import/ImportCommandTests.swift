import Foundation
import TestSupport
import Testing

/// `marquee import` as a process, into the store and through Kafka.
@Suite struct ImportCommandTests {
    private static let times =
        "2026-11-20, 2026-11-20 12:00:00, RFC 3339, or seconds to nanoseconds since 1970"

    private func review(
        _ id: String, _ user: String, _ item: String, _ value: Float, _ at: String, text: String? = nil, source: String
    ) -> StoredEvent {
        StoredEvent(
            eventID: id, userID: user, itemID: item, kind: "review", value: value, at: at, text: text, source: source)
    }

    /// Imports twice: the first stores `events` and refuses lines as `rejected` says, the second stores nothing and says
    /// what it found.
    private func twice(
        _ words: [String], in folder: URL, imported: String, skipped: [String], rejected: [String],
        events: [StoredEvent],
        films: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let store = folder.appending(path: "data").path
        for round in 0..<2 {
            let lines = try await Loop.run(["import"] + words + ["--store", store], in: folder)
                .replacing("\n    ", with: " ").split(separator: "\n").map(String.init)
            let summary = try #require(lines.first)
            var expected: [String] = []
            if round == 0 {
                #expect(summary.hasPrefix("imported \(imported) in "), "\(summary)", sourceLocation: sourceLocation)
            } else {
                #expect(summary.hasPrefix("imported 0 events and 0 films in "), sourceLocation: sourceLocation)
                expected += skipped.map { "skipped \($0)" }
            }
            let rest = lines.dropFirst()
            #expect(Array(rest.prefix(expected.count)) == expected, sourceLocation: sourceLocation)
            let refusals = rest.dropFirst(expected.count)
            #expect(
                refusals.first?.hasPrefix("rejected \(rejected.count) lines") == true, sourceLocation: sourceLocation)
            #expect(refusals.dropFirst() == rejected.map { "rejected \($0)" }[...], sourceLocation: sourceLocation)
            #expect(try await StoredEvent.all(in: store, folder) == events, sourceLocation: sourceLocation)
        }
        guard !films.isEmpty else { return }
        let titles = try await StoredEvent.rows(of: "movies", in: store, folder).compactMap { $0["title"] as? String }
        #expect(titles.sorted() == films, sourceLocation: sourceLocation)
    }

    @Test func netflixGoesIntoTheStoreOnce() async throws {
        try await withTemporaryFolder { folder in
            let prize = folder.appending(path: "nf_prize")
            try FileManager.default.createDirectory(at: prize, withIntermediateDirectories: false)
            let titles =
                Data("1,2003,Dinosaur Planet\n2,NULL,Something, and Nothing\n3,1997,Mis".utf8) + Data([0xE9])
                + Data("rables\nx,2001,No Number\n".utf8)
            try titles.write(to: prize.appending(path: "movie_titles.txt"))
            try Data("1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n885013,7,2005-10-19\n12,4,2005-02-30\n".utf8)
                .write(to: prize.appending(path: "combined_data_1.txt"))
            try await twice(
                ["netflix", prize.path], in: folder, imported: "2 events and 3 films",
                skipped: [
                    "2 events: the event_id is in the store already", "3 films: the store describes them so already",
                ],
                rejected: [
                    "movie_titles.txt:4: invalid-id: 'x' is no number",
                    "combined_data_1.txt:5: value-out-of-range: '7' is not in 0.5..5",
                    "combined_data_1.txt:6: invalid-time: '2005-02-30' is none of \(Self.times)",
                ],
                events: [
                    review(
                        "nf-1488844-1-2005-09-06", "1488844", "1", 3, "2005-09-06T00:00:00Z", source: "netflix"),
                    review(
                        "nf-822109-1-2005-05-13", "822109", "1", 5, "2005-05-13T00:00:00Z", source: "netflix"),
                ],
                films: ["Dinosaur Planet", "Misérables", "Something, and Nothing"])
        }
    }

    private static let table = #"""
        uid,film,stars,ts,note
        u1,m1,4.5,2005-06-04,"fine, ""really"""
        u2,m2,9,2005-06-04,
        u3,,3,2005-06-04,
        u4,m1,3,yesterday,
        u1,m2,2,1117872000,
        """#
    private static let map = ["--map", "user=uid,item=film,value=stars,at=ts,text=note"]
    private static let tableEvents = [
        StoredEvent(
            eventID: "csv-u1-m1-review-1117843200000000", userID: "u1", itemID: "m1", kind: "review", value: 4.5,
            at: "2005-06-04T00:00:00Z", text: "fine, \"really\"", source: "csv"),
        StoredEvent(
            eventID: "csv-u1-m2-review-1117872000000000", userID: "u1", itemID: "m2", kind: "review", value: 2,
            at: "2005-06-04T08:00:00Z", text: nil, source: "csv"),
    ]

    @Test func valuesOfAnyLayoutGoIntoTheStoreOnce() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "plays.csv")
            try Data(Self.table.utf8).write(to: file)
            try await twice(
                ["csv", file.path, "--keep-text"] + Self.map, in: folder, imported: "2 events and 0 films",
                skipped: ["2 events: the event_id is in the store already"],
                rejected: [
                    "plays.csv:3: value-out-of-range: '9' is not in 0.5..5", "plays.csv:4: empty-id",
                    "plays.csv:5: invalid-time: 'yesterday' is none of \(Self.times)",
                ],
                events: Self.tableEvents, films: [])
            // Nothing came through Kafka, and nothing was refused there.
            let letters = try await MarqueeProcess.run(
                ["deadletters", "list", "--store", folder.appending(path: "data").path, "--format", "json"],
                in: folder)
            #expect(letters.status == 0 && letters.errors.isEmpty, "\(letters.errors)")
            #expect((try JSONSerialization.jsonObject(with: Data(letters.output.utf8)) as? [Any])?.isEmpty == true)
        }
    }

    @Test func movieLensGoesIntoTheStoreOnce() async throws {
        try await withTemporaryFolder { folder in
            let python = try #require(ProcessInfo.processInfo.environment["PATH"]).split(separator: ":")
                .map { "\($0)/python3" }.first { FileManager.default.isExecutableFile(atPath: $0) }
            let inside = folder.appending(path: "ml-mini")
            try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: false)
            try Data("userId,movieId,rating,timestamp\n1,2,4.5,964982703\n1,3,6,964981247\n2,3,nine,964981247\n".utf8)
                .write(to: inside.appending(path: "ratings.csv"))
            try Data("movieId,title,genres\n2,\"American President, The (1995)\",Drama|Romance\n".utf8)
                .write(to: inside.appending(path: "movies.csv"))
            let zip = folder.appending(path: "ml-mini.zip").path
            let (status, output) = try await runCommand(
                try #require(python), ["-m", "zipfile", "-c", zip, inside.path])
            try #require(status == 0, "\(output)")
            try await twice(
                ["movielens", zip], in: folder, imported: "1 events and 1 films",
                skipped: [
                    "1 event: the event_id is in the store already", "1 film: the store describes them so already",
                ],
                rejected: [
                    "ratings.csv:3: value-out-of-range: '6' is not in 0.5..5",
                    "ratings.csv:4: value-out-of-range: 'nine' is no number",
                ],
                events: [
                    review("ml-1-2-964982703", "1", "2", 4.5, "2000-07-30T18:45:03Z", source: "movielens")
                ],
                films: ["The American President"])
        }
    }

    @Test func filmsAndEventsGoThroughKafka() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "plays.csv")
            try Data(Self.table.utf8).write(to: file)
            let page = folder.appending(path: "page.json")
            try Data(
                #"{"results":[{"id":603,"title":"The Matrix","overview":"A hacker learns.","vote_average":8.2}]}"#.utf8
            ).write(to: page)
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            let store = folder.appending(path: "data").path
            let films = try await Loop.run(["import", "tmdb", page.path] + kafka, in: folder)
            #expect(films.contains("sent 1"), "\(films)")
            let sent = try await Loop.run(["import", "csv", file.path] + Self.map + kafka, in: folder)
            #expect(sent.hasPrefix("imported 2 events and 0 films in "), "\(sent)")
            try await Loop.run(["ingest", "--store", store, "--until-end", "--keep-text"] + kafka, in: folder)
            #expect(try await StoredEvent.all(in: store, folder) == Self.tableEvents)
            let stored = try await StoredEvent.rows(of: "movies", in: store, folder)
            #expect(stored.compactMap { $0["title"] as? String } == ["The Matrix"])
            #expect(stored.first?["overview"] as? String == "A hacker learns.")
            // Sent again, the events are duplicates, and refused as such.
            try await Loop.run(["import", "csv", file.path] + Self.map + kafka, in: folder)
            try await Loop.run(["ingest", "--store", store, "--until-end", "--keep-text"] + kafka, in: folder)
            #expect(try await StoredEvent.all(in: store, folder) == Self.tableEvents)
            broker.signal(SIGINT)
            #expect(try await broker.result().status == 0)
        }
    }

    @Test func whatWasImportedIsNotStoredAgainThroughKafka() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "plays.csv")
            try Data(Self.table.utf8).write(to: file)
            let store = folder.appending(path: "data").path
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            func ingest() async throws {
                try await Loop.run(["import", "csv", file.path] + Self.map + kafka, in: folder)
                try await Loop.run(["ingest", "--store", store, "--until-end", "--keep-text"] + kafka, in: folder)
            }
            try await Loop.run(
                ["import", "csv", file.path, "--keep-text"] + Self.map + ["--store", store], in: folder)
            try await ingest()
            #expect(try await StoredEvent.all(in: store, folder) == Self.tableEvents)
            let letters = try await StoredEvent.rows(of: "dead_letters", in: store, folder)
            #expect(letters.compactMap { $0["reason"] as? String } == ["duplicate-event", "duplicate-event"])
            // What is not there any more is missing, and comes again.
            try await Loop.run(
                ["store", "delete", "\(store)/events", "--where", "item_id = 'm1'"], in: folder)
            #expect(try await StoredEvent.all(in: store, folder) == Array(Self.tableEvents.dropFirst()))
            // The window of the partition knows only what it stored itself.
            try await ingest()
            #expect(try await StoredEvent.all(in: store, folder) == Self.tableEvents)
            // And the other way round: what came through Kafka is not imported.
            let again = try await Loop.run(
                ["import", "csv", file.path, "--keep-text"] + Self.map + ["--store", store], in: folder)
            #expect(again.hasPrefix("imported 0 events"), "\(again)")
            broker.signal(SIGINT)
            #expect(try await broker.result().status == 0)
        }
    }

    @Test func whatCannotBeImportedIsRefusedInOneLine() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "plays.csv").path
            try Data(Self.table.utf8).write(to: URL(filePath: file))
            let empty = folder.appending(path: "empty.csv").path
            try Data().write(to: URL(filePath: empty))
            let into = ["--store", folder.appending(path: "data").path]
            let map = "user=uid,item=film,value=stars,at=ts"
            let cases: [(words: [String], status: Int32, texts: [String])] = [
                (["netflix", "/nowhere"], 65, ["/nowhere", "no such file or folder"]),
                (["movielens", "/nowhere"], 65, ["/nowhere", "no such file or folder"]),
                (["tmdb", "/nowhere"], 65, ["/nowhere", "no such file"]),
                (["netflix", file], 65, ["no combined_data_1.txt"]),
                (["csv", empty, "--map", map], 65, ["no first line"]),
                (["csv", file], 64, ["--map"]),
                (["csv", file, "--map", "user=uid,item=film"], 64, ["--map", "user, item and at"]),
                (
                    ["csv", file, "--map", "user=uid,item=movie,value=stars,at=ts"], 64,
                    ["no column movie", "uid, film, stars"]
                ),
                (["csv", file, "--map", "user=uid,item=film,at=ts"], 64, ["value=COLUMN", "--kind"]),
                // The numbers fit no line.
                (
                    ["csv", file, "--map", "user=1,item=9,value=3,at=4", "--no-header"], 65,
                    ["none of its lines", "wrong-number-of-fields"]
                ),
            ]
            for (words, status, texts) in cases {
                try await Loop.refused(["import"] + words + into, in: folder, status: status, saying: texts)
            }
        }
    }
}
