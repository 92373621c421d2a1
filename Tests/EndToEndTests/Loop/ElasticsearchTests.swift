import Foundation
import TestSupport
import Testing

/// `serve --elasticsearch` against a real server: the same lists as with the embedded index, and lists without it when
/// it is gone.
///
/// The deadline of a query is that of a test, so that a busy machine changes nothing: what is looked at is never how fast.
@Suite struct ElasticsearchTests {
    @Test(
        .enabled(
            if: RealServer.isPresent("elasticsearch"),
            "there is no ../shared/servers/elasticsearch beside the checkout"))
    func theSameListsAndThenDegraded() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = try await Loop.trained(in: folder)

            // With a share of content of its own: what a training on today's events makes of content may be nothing at all,
            // and then nobody is asked.
            let paths = [
                "/v1/users/u1/recommendations?n=20&content_weight=0.3", "/v1/items/f0100/similar?n=20&method=content",
            ]
            let serve = ["serve", "--models", models, "--store", data, "--port", "0"]
            let embedded = try MarqueeProcess(serve, in: folder)
            let plain = Client(try await embedded.line(after: "serving on "))
            defer { plain.close() }
            var expected: [[String]] = []
            for path in paths { expected.append(try await plain.items(path)) }
            embedded.signal(SIGINT)
            #expect(try await embedded.result().status == 0)

            try await RealServer.with("elasticsearch") { elasticsearch in
                let server = try MarqueeProcess(
                    serve + ["--elasticsearch", elasticsearch.address, "--content-deadline", "25"], in: folder)
                let client = Client(try await server.line(after: "serving on "))
                defer { client.close() }
                try await eventually("the service is ready") {
                    (try? await client.get("/healthz/ready").status) == 200
                }
                #expect(server.errors.contains("catalogue indexed"))
                for (path, items) in zip(paths, expected) {
                    #expect(try await client.object(path)["degraded"] as? [String] == [], "\(path)")
                    #expect(try await client.items(path) == items, "\(path)")
                }

                // A film whose rows are deleted is in no list, and not in the index.
                let gone = expected[1][0]
                try await Loop.run(
                    ["store", "delete", "\(data)/movies", "--where", "item_id = '\(gone)'"], in: folder)
                try await eventually("the film is out of the index") { server.errors.contains("removed=1") }
                for path in paths + ["/v1/items/f0100/similar?n=20&method=cf", "/v1/items/popular?n=100"] {
                    #expect(try await !client.items(path).contains(gone), "\(path)")
                }

                await elasticsearch.kill()
                try await eventually("the lists say that they are degraded") {
                    let answer = try await client.object(paths[0])
                    return (answer["degraded"] as? [String])?.isEmpty == false
                        && (answer["items"] as? [Any])?.count == 20
                }
                let ready = try await client.object("/healthz/ready")
                #expect(ready["status"] as? String == "ready" && ready["degraded"] as? [String] == ["content"])
                #expect(try await client.get("/metrics").body.contains(#"marquee_degraded{part="content"} 1"#))
                server.signal(SIGINT)
                #expect(try await server.result().status == 0)
            }
        }
    }

    @Test func aNameThatNoIndexCanHaveIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                at: folder.appending(path: "data"), withIntermediateDirectories: true)
            try await Loop.refused(
                [
                    "serve", "--models", folder.path, "--store", folder.appending(path: "data").path,
                    "--elasticsearch", "http://127.0.0.1:9", "--elasticsearch-index", "Films",
                ], in: folder, status: 64, saying: ["Films", "upper-case", "lower case"])
        }
    }

    @Test func aBadAddressIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                at: folder.appending(path: "data"), withIntermediateDirectories: true)
            try await Loop.refused(
                [
                    "serve", "--models", folder.path, "--store", folder.appending(path: "data").path,
                    "--elasticsearch", "not an address",
                ], in: folder, status: 64, saying: ["address"])
        }
    }
}
