import Foundation
import TestSupport
import Testing

/// The memory of a serving process beside the formula that docs/serving.md publishes.
@Suite struct ServingMemoryTests {
    @Test func aServerTakesNoMoreThanTheFormulaSays() async throws {
        try await withTemporaryFolder { folder in
            let films = folder.appending(path: "films.jsonl")
            try Data(Self.films(6_000).utf8).write(to: films)
            let (data, models) = (folder.appending(path: "data").path, folder.appending(path: "models").path)
            let demo = try MarqueeProcess(
                [
                    "demo", "--events", "30000", "--catalog", films.path, "--port", "0", "--data", data, "--models",
                    models,
                ], in: folder)
            _ = try await demo.line(after: "serve      ")
            demo.signal(SIGINT)
            #expect(try await demo.result().status == 0)

            let server = try MarqueeProcess(["serve", "--store", data, "--models", models, "--port", "0"], in: folder)
            let client = Client(try await server.line(after: "serving on "))
            defer { client.close() }
            for user in 1...200 {
                _ = try await client.items("/v1/users/u\(user)/recommendations?n=10")
            }
            let metrics = try await client.get("/metrics").body
            let own = try #require(Self.figure(#"marquee_serving_memory_bytes{part="own"}"#, in: metrics))
            let mapped = try #require(Self.figure(#"marquee_serving_memory_bytes{part="mapped"}"#, in: metrics))
            let measured = Double(server.ownBytes)
            #expect(measured <= own, "\(measured) bytes of its own, \(own) by the formula")
            // A formula far above what it is to tell would tell nothing.
            #expect(measured * 3 >= own, "\(measured) bytes of its own, \(own) by the formula")
            let files = try Self.modelBytes(models)
            #expect(mapped == files, "\(mapped) bytes mapped, files of \(files)")
            server.signal(SIGINT)
            #expect(try await server.result().status == 0)
        }
    }

    private static func films(_ count: Int) -> String {
        (0..<count).map { number in
            let words = (0..<40).map { "word\((number * 31 + $0 * $0 * 17) % 9_973)" }.joined(separator: " ")
            return #"{"id":"f\#(number)","title":"Film \#(number)","year":\#(1920 + number % 100),"#
                + #""genres":["Drama","Comedy"],"language":"en","overview":"\#(words)","keywords":["k\#(number % 500)"]}"#
        }.joined(separator: "\n") + "\n"
    }

    private static func figure(_ name: String, in metrics: String) -> Double? {
        metrics.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    private static func modelBytes(_ models: String) throws -> Double {
        let current = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return try ["factors", "history", "ids"].reduce(0) { sum, name in
            let file = "\(models)/\(current)/\(name).safetensors"
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
            return sum + Double(try #require(size))
        }
    }
}
