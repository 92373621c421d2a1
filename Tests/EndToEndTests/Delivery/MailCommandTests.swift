import Foundation
import Operations
import TestSupport
import Testing

/// `marquee mail …`, `marquee webhooks …` and what is typed wrong there: it is refused, or said.
@Suite struct MailCommandTests {
    @Test func whatIsLeftOutOrTooMuchIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try await Loop.run(["mail", "subscribe", "u1", "Ann <ann@example.org>"], in: folder)
            let nowhere = folder.appending(path: "nowhere").path
            for (words, status, texts) in [
                (["mail", "unsubscribe"], 64, ["USER or --token TOKEN"]),
                (["mail", "unsubscribe", "u1", "--token", "t"], 64, ["'u1' beside --token"]),
                (["mail", "unsubscribe", "u2"], 65, ["u2 has no subscription", "mail subscribers"]),
                (["mail", "unsubscribe", ""], 64, ["USER is ''", "1 to 256 bytes"]),
                (["mail", "subscribe", "", "a@example.org"], 64, ["USER is ''"]),
                (["mail", "subscribe", "u1", "A\u{202E}n <a@example.org>"], 64, ["turn the text around"]),
                (["mail", "retry", "abc"], 65, ["no mail 'abc'", "mail list --standing dead"]),
                (["webhooks", "retry", "abc"], 65, ["no message 'abc'", "webhooks list --standing dead"]),
                (["mail", "list", "--state", nowhere], 64, [nowhere]),
                (["mail", "subscribers", "--state", nowhere], 64, [nowhere]),
                (["mail", "retry", "--state", nowhere], 64, [nowhere]),
                (["webhooks", "list", "--state", nowhere], 64, [nowhere]),
                (["keys", "list", "--state", nowhere], 64, [nowhere]),
                (["privacy", "audit", "--state", nowhere], 64, [nowhere]),
                (["privacy", "hold", "--state", nowhere], 64, [nowhere]),
            ] as [([String], Int32, [String])] {
                try await Loop.refused(words, in: folder, status: status, saying: texts)
            }
            #expect(!FileManager.default.fileExists(atPath: nowhere))
            // Nothing to do is no failure where nothing was named.
            #expect(try await Loop.run(["mail", "retry"], in: folder).contains("nothing to try again"))
            #expect(try await Loop.run(["webhooks", "retry"], in: folder).contains("nothing to try again"))
            let left = try await Loop.run(["mail", "subscribers", "--format", "csv"], in: folder)
            #expect(left.contains("u1") && left.contains("ann@example.org"))
        }
    }

    @Test func aNewStateIsSaidAndNothingSteersTheTerminal() async throws {
        try await withTemporaryFolder { folder in
            let words = ["mail", "subscribe", "a\u{202E}b", "ann@example.org"]
            let first = try await MarqueeProcess.run(words, in: folder)
            #expect(first.status == 0 && first.errors.contains("there is no state in"), "\(first.errors)")
            #expect(first.output == "a\\u{202E}b gets digests\n")
            #expect(try await !MarqueeProcess.run(words, in: folder).errors.contains("there is no state in"))
            let refused = try await MarqueeProcess.run(["mail", "retry", "x\u{202E}y"], in: folder)
            #expect(refused.status == 65 && !refused.errors.contains("\u{202E}"))
        }
    }

    /// Another process has it in hand; a retry leaves it there.
    @Test func aMailInFlightIsShownAsThat() async throws {
        try await withTemporaryFolder { folder in
            let outbox = Outbox(StateDatabase(folder: folder.appending(path: "state").path))
            try outbox.add([.init("digest", to: Outbox.mail, id: "abc", body: Array("{}".utf8))])
            _ = try outbox.claim(for: Outbox.mail, term: .seconds(60))
            #expect(try outbox.handOver("abc", reason: "in doubt"))
            #expect(try await Loop.run(["mail", "list"], in: folder).contains("sending"))
            #expect(
                try await Loop.run(["mail", "list", "--standing", "dead", "--format", "jsonl"], in: folder).isEmpty)
            try await Loop.refused(["mail", "retry", "abc"], in: folder, status: 65, saying: ["being sent"])
            try outbox.settle([("abc", .delivered)])
            try await Loop.refused(["mail", "retry", "abc"], in: folder, status: 65, saying: ["it is delivered"])
        }
    }
}
