import Foundation
import TestSupport
import Testing

@Suite("The command catalog quality", .timeLimit(.minutes(5)))
struct CatalogQualityCommandTests {
    private static let films = """
        {"id":1,"title":"A","runtime":-5,"overview":"<b>x</b>","genres":["Drama"],"release_date":"1999-01-01"}
        {"id":2,"title":"A","runtime":90,"overview":"y","genre_ids":[18,4711],"release_date":"1999-05-01"}
        {"id":3,"title":"\(String(repeating: "A very long title ", count: 20))","overview":""}
        """

    @Test("findings are counted by rule, in 80 columns, as JSON, and as a table")
    func findings() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "films.jsonl")
            try Data(Self.films.utf8).write(to: file)
            let store = folder.appending(path: "data").path
            try await Loop.run(["import", "tmdb", file.path, "--store", store], in: folder)
            let command = ["catalog", "quality", "--store", store]
            let text = try await Loop.run(command, in: folder)
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
            for word in ["3 films", "impossible-runtime", "'-5'", "markup-removed", "unknown-genre", "duplicate-film"] {
                #expect(text.contains(word), "\(word): \(text)")
            }
            let list = try await Loop.run(command + ["--rule", "duplicate-film"], in: folder)
            #expect(list.contains("also 2") && list.contains("also 1") && list.split(separator: "\n").count == 3)
            #expect(try await Loop.run(command + ["--rule", "refused"], in: folder).contains("none breaks the rule"))

            let json = try Loop.json(try await Loop.run(command + ["--format", "json", "--refresh"], in: folder))
            let rules = try #require(json["rules"] as? [[String: Any]])
            let runtime = try #require(rules.first { $0["rule"] as? String == "impossible-runtime" })
            #expect(json["films"] as? Int == 3 && runtime["count"] as? Int == 1)
            #expect(((runtime["examples"] as? [[String: Any]])?.first)?["item_id"] as? String == "1")
            let rows = try await StoredEvent.rows(of: "quality", in: store, folder)
            #expect(rows.count == json["findings"] as? Int)
            try await Loop.refused(
                ["catalog", "quality", "--store", folder.appending(path: "none").path], in: folder, status: 65,
                saying: ["none"])
        }
    }
}
