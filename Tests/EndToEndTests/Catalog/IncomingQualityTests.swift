import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// What comes in is held against what is expected of it, and a training waits until it is so.
@Suite(.serialized, .timeLimit(.minutes(5))) struct IncomingQualityTests {
    private static let topics = [Topics.views: 1, Topics.likes: 1, Topics.reviews: 1, Topics.movies: 1]

    private func filled(_ folder: URL, _ broker: EmbeddedBroker) async throws -> String {
        let producer = try KafkaProducer(properties: broker.properties)
        var generator = SeededGenerator(seed: 5)
        let now = Timestamp.now
        for number in 0..<400 {
            // A fifth is late, a fifth refused.
            let at = now.advanced(bySeconds: number % 5 == 0 ? -172_800 : -60)
            let value = number % 5 == 1 ? "7" : "1"
            try producer.send(
                Array(
                    #"{"event_id":"e\#(number)","user_id":"u\#(generator.below(40))","item_id":"m\#(generator.below(20))","kind":"\#(number % 2 == 0 ? "view" : "like")","value":\#(value),"at":"\#(at)"}"#
                        .utf8), key: "u", topic: number % 2 == 0 ? Topics.views : Topics.likes)
        }
        try producer.flush()
        let store = folder.appending(path: "data").path
        try await Loop.run(
            ["ingest", "--until-end", "--store", store, "--bootstrap-servers", broker.bootstrapServers], in: folder)
        return store
    }

    @Test func breachesAreReportedAndHoldTrainings() async throws {
        try await withTemporaryFolder { folder in
            try await withMockBroker(topics: Self.topics) { broker in
                let store = try await filled(folder, broker)
                let quality = ["catalog", "quality", "--store", store]
                let json = try await MarqueeProcess.run(
                    quality + ["--expect", "reject_share<=0.1,events>=100,late_share<=0.5", "--format", "json"],
                    in: folder)
                #expect(json.status == 14, "\(json.errors)")
                let incoming = try #require(try Loop.json(json.output)["incoming"] as? [String: Any])
                let figures = try #require(incoming["figures"] as? [String: Any])
                #expect(figures["events"] as? Double == 320 && figures["rejects"] as? Double == 80)
                #expect(figures["reject_share"] as? Double == 0.2 && figures["late_share"] as? Double == 0.25)
                #expect(figures["null_share"] as? Double == 0 && figures["volume_ratio"] is NSNull)
                #expect((incoming["rejects_by_reason"] as? [String: Int]) == ["value-out-of-range": 80])
                let verdicts = try #require(incoming["expectations"] as? [[String: Any]])
                #expect(verdicts.map { $0["holds"] as? Bool } == [false, true, true])
                let text = try await MarqueeProcess.run(quality + ["--expect", "reject_share<=0.1"], in: folder)
                #expect(
                    text.status == 14 && text.output.contains("BREACHED") && text.output.contains("not as expected"))
                try await Loop.run(quality + ["--expect", "reject_share<=0.3"], in: folder)

                // Whoever listens is told; here nobody does, and it waits.
                let secret = folder.appending(path: "hook.secret")
                try Data("a secret of more than thirty-two bytes".utf8).write(to: secret)
                let state = ["--state", folder.appending(path: "quality-state").path]
                let told = try await MarqueeProcess.run(
                    quality + state + [
                        "--expect", "reject_share<=0.1", "--webhook", "http://127.0.0.1:9", "--webhook-allow-private",
                        "--webhook-secret-file", secret.path,
                    ], in: folder)
                #expect(told.status == 14, "\(told.errors)")
                let waiting = try await Loop.run(["webhooks", "list"] + state, in: folder)
                #expect(waiting.contains("quality.breached"), "\(waiting)")

                // A slip in the name of the store is no good quality.
                try await Loop.refused(
                    ["catalog", "quality", "--store", store + "2", "--expect", "reject_share<=0.1"], in: folder,
                    status: 65,
                    saying: [store + "2"])

                // A training is held, and goes on once the file asks for what there is.
                let file = folder.appending(path: "expectations.yaml")
                let train = [
                    "train", "--store", store, "--models", folder.appending(path: "models").path, "--rank", "4",
                    "--epochs", "2", "--promote", "always", "--state", folder.appending(path: "state").path,
                    "--require-quality", file.path,
                ]
                try Data("window: 1d\nlate_after: 1h\nreject_share_max: 0.1\nview_share_min: 0.2\n".utf8).write(
                    to: file)
                for more in [[], ["--once"]] {
                    let held = try await MarqueeProcess.run(train + more, in: folder)
                    #expect(held.status == 14 && held.errors.contains("reject_share<=0.1 is 0.2"), "\(held.errors)")
                }
                try Data("reject_share_max: 0.3\n".utf8).write(to: file)
                try await Loop.run(train, in: folder)
            }
        }
    }

    @Test func whatIsNoExpectationIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "expectations.yaml")
            for text in ["reject_share: 0.1", "nonsense_max: 1", "events_min: many", "window: soon", "- a", ""] {
                try Data(text.utf8).write(to: file)
                try await Loop.refused(
                    ["catalog", "quality", "--store", folder.path, "--expectations", file.path], in: folder, status: 64,
                    saying: ["expectations.yaml"])
            }
            try await Loop.refused(
                ["catalog", "quality", "--store", folder.path, "--expect", "events=5"], in: folder, status: 64,
                saying: ["--expect"])
        }
    }
}
