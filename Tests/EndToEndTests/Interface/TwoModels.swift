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
            func published() throws -> Set<String> {
                Set(try FileManager.default.contentsOfDirectory(atPath: models).filter { $0.contains("Z-") })
            }
            let own = try published()
            var before = own
            var names: [String] = []
            for (rank, promote) in [("8", "always"), ("16", "never")] {
                // Measured on the same events, and published whatever comes of it.
                try await Loop.run(
                    [
                        "train", "--store", data, "--models", models, "--rank", rank, "--epochs", "3", "--seed", "7",
                        "--split", "time:0.8", "--promote", promote,
                    ], in: folder)
                // Names of one second have no order.
                names += try published().subtracting(before)
                before = try published()
            }
            // Of the demo's own model nothing is wanted here.
            for model in own { try FileManager.default.removeItem(atPath: "\(models)/\(model)") }
            try await body(folder, data, models, names)
        }
    }
}
