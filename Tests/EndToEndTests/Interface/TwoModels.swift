import Foundation
import TestSupport
import Testing

/// A store of the demo with two models that differ, the older one in service.
enum TwoModels {
    /// - Parameter body: gets the folder of all, that of the store, that of the models, and their names, oldest first.
    static func with(_ body: (URL, String, String, [String]) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = (folder.appending(path: "data").path, folder.appending(path: "models").path)
            let demo = try MarqueeProcess(
                ["demo", "--port", "0", "--events", "6000", "--data", data, "--models", models], in: folder)
            _ = try await demo.line(after: "serve      ")
            demo.signal(SIGINT)
            _ = try await demo.result()
            for (rank, promote) in [("8", "always"), ("16", "never")] {
                try await Loop.run(
                    [
                        "train", "--store", data, "--models", models, "--rank", rank, "--epochs", "3", "--seed", "7",
                        "--promote", promote,
                    ], in: folder)
            }
            // Of the demo's own model nothing is wanted here.
            let all = try FileManager.default.contentsOfDirectory(atPath: models).filter { $0.contains("Z-") }.sorted()
            try FileManager.default.removeItem(atPath: "\(models)/\(all[0])")
            try await body(folder, data, models, Array(all.dropFirst()))
        }
    }
}
