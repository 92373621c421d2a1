import Foundation
import TestSupport
import Testing

/// What is wrong in the world around the program: one clear line, and the status that says whose fault it is.
@Suite struct BadInputTests {
    @Test func missingPathsAreNamed() async throws {
        try await withTemporaryFolder { folder in
            let none = folder.appending(path: "none").path
            for words in [
                ["store", "log", none], ["store", "count", none], ["store", "cat", none], ["store", "show", none],
                ["parquet", "schema", none], ["parquet", "cat", none], ["parquet", "meta", none],
                ["parquet", "verify", none], ["import", "movielens", none, "--store", none],
                ["train", "--store", none, "--models", none], ["models", "list", "--models", none],
                ["models", "show", "--models", none], ["models", "rollback", "--models", none],
                ["recommend", "--models", none, "--user", "u"], ["serve", "--models", none, "--store", folder.path],
                ["evaluate", "--train", none, "--test", none],
                ["evaluate", "--store", none, "--models", none], ["config", "--config", none],
                ["demo", "--movielens", none, "--port", "0"],
            ] {
                try await Loop.refused(words, in: folder, status: 65, saying: [none])
            }
            #expect(!FileManager.default.fileExists(atPath: none), "a command that failed left something behind")
        }
    }

    @Test func aFileInPlaceOfAFolder() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "file")
            try Data("not a table".utf8).write(to: file)
            try await Loop.refused(["store", "log", file.path], in: folder, status: 65, saying: [file.path])
            try await Loop.refused(["parquet", "cat", file.path], in: folder, status: 65, saying: [file.path])
            try await Loop.refused(
                ["import", "movielens", file.path, "--store", folder.path], in: folder, status: 65,
                saying: [file.path, "docs/importing.md"])
        }
    }

    @Test func noBrokerAtTheAddress() async throws {
        try await withTemporaryFolder { folder in
            let kafka = ["--bootstrap-servers", "127.0.0.1:9"]
            for words in [
                ["simulate", "--count", "1"], ["ingest", "--store", folder.appending(path: "data").path],
            ] {
                try await Loop.refused(
                    words + kafka, in: folder, status: 69, saying: ["127.0.0.1:9", "--bootstrap-servers"])
            }
        }
    }

    @Test func aPortInUse() async throws {
        try await withTemporaryFolder { folder in
            let demo = try MarqueeProcess(
                [
                    "demo", "--events", "3000", "--port", "0", "--data", folder.appending(path: "data").path,
                    "--models", folder.appending(path: "models").path,
                ], in: folder)
            let address = try await demo.line(after: "serve      ")
            let port = String(address.split(separator: ":").last ?? "")
            for words in [
                ["serve", "--models", folder.appending(path: "models").path, "--store"],
                ["demo", "--models", folder.appending(path: "models").path, "--data"],
            ] {
                try await Loop.refused(
                    words + [folder.appending(path: "data").path, "--port", port], in: folder, status: 69,
                    saying: [port, "in use"])
            }
            demo.signal(SIGINT)
            _ = try await demo.result()
        }
    }

    @Test func anEmptyStoreIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try await Loop.refused(
                ["train", "--store", folder.path, "--models", folder.appending(path: "m").path], in: folder,
                status: 65, saying: ["events"])
            try await Loop.refused(
                ["recommend", "--models", folder.path, "--user", "u"], in: folder, status: 65, saying: ["promoted"])
        }
    }

    @Test func aTruncatedModelFile() async throws {
        try await withTemporaryFolder { folder in
            let models = folder.appending(path: "models")
            try await Loop.run(
                [
                    "import", "movielens", try smallMovieLens(in: folder).path, "--store",
                    folder.appending(path: "data").path,
                ], in: folder)
            try await Loop.run(
                [
                    "train", "--store", folder.appending(path: "data").path, "--models", models.path, "--rank", "4",
                    "--epochs", "2",
                ], in: folder)
            let id = try String(contentsOf: models.appending(path: "current"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            for name in ["factors.safetensors", "ids.safetensors", "history.safetensors", "manifest.json"] {
                let file = models.appending(path: "\(id)/\(name)")
                let whole = try Data(contentsOf: file)
                try whole.prefix(whole.count / 2).write(to: file)
                for words in [
                    ["recommend", "--user", "1"], ["models", "promote", id],
                    ["serve", "--store", folder.appending(path: "data").path, "--port", "0"],
                ] {
                    try await Loop.refused(
                        words + ["--models", models.path], in: folder, status: 65, saying: [name, "damaged"])
                }
                try whole.write(to: file)
            }
            try await Loop.run(["recommend", "--user", "1", "--models", models.path], in: folder)
        }
    }

    /// A folder in MovieLens' layout: two groups of users, each with its own films.
    private func smallMovieLens(in folder: URL) throws -> URL {
        let target = folder.appending(path: "ml")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        var ratings = "userId,movieId,rating,timestamp\n"
        var movies = "movieId,title,genres\n"
        for film in 1...20 { movies += "\(film),Film \(film) (19\(60 + film)),\(film <= 10 ? "Drama" : "Comedy")\n" }
        for user in 1...40 {
            for film in 1...20 where (film <= 10) == (user <= 20) && (film + user) % 3 != 0 {
                ratings += "\(user),\(film),4.5,\(1_500_000_000 + film * 1000 + user)\n"
            }
        }
        try Data(ratings.utf8).write(to: target.appending(path: "ratings.csv"))
        try Data(movies.utf8).write(to: target.appending(path: "movies.csv"))
        return target
    }
}
