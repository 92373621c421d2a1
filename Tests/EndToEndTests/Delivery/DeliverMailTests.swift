import Domain
import Foundation
import TestSupport
import Testing

/// `marquee deliver --smtp` before a server of its own, killed at random instants.
@Suite(.serialized, .enabled(if: MailServerProcess.isAvailable, "\(MailServerProcess.needed)"))
struct DeliverMailTests {
    private struct Bench {
        let folder: URL
        let loop: TrainedLoop
        let server: MailServerProcess
        let words: [String]

        init(in folder: URL, replies: String = "") async throws {
            self.folder = folder
            loop = try await TrainedLoop(in: folder)
            server = try await MailServerProcess(in: folder.appending(path: "mail"), ["--replies", replies])
            let password = folder.appending(path: "password")
            try Data("\(MailServerProcess.password)\n".utf8).write(to: password)
            words = loop.notify([
                "--smtp", "smtps://\(MailServerProcess.user)@localhost:\(server.port)", "--smtp-ca", server.authority,
                "--smtp-password-file", password.path, "--mail-from", "Films <films@example.org>", "--mail-to",
                "ops@example.org", "--digest-every", "1s", "--mail-rate", "6000", "--since", "2000-01-01",
            ])
        }

        /// Mails of the outbox: how each stands, and why, by its `Message-ID`.
        func standing() async throws -> [String: (state: String, reason: String)] {
            var found: [String: (state: String, reason: String)] = [:]
            let listed = try await Loop.run(["mail", "list", "-n", "10000", "--format", "jsonl"], in: folder)
            for line in listed.split(separator: "\n") {
                let row = try Loop.json(String(line))
                let body = try Loop.json(row["body"] as? String ?? "")
                found["<\(body["id"] as? String ?? "")>"] =
                    (row["standing"] as? String ?? "", row["reason"] as? String ?? "")
            }
            return found
        }

        /// No more mails than one of each digest, and none lost: what the server does not have is in doubt.
        func check() async throws {
            let (mails, standing) = (try await server.read(), try await standing())
            let names = mails.map(\.id)
            #expect(Set(names).count == names.count, "\(names.count) mails of \(Set(names).count) digests")
            for (name, state) in standing {
                switch state.state {
                case "delivered": #expect(names.contains(name))
                case "dead": #expect(state.reason.contains("may have arrived"), "\(state.reason)")
                default: Issue.record("\(name) is \(state.state)")
                }
            }
            #expect(Set(names).isSubset(of: standing.keys))
            print("\(names.count) mails of \(standing.count) digests")
        }
    }

    @Test("each digest is one mail to each reader, whenever it is killed")
    func killed() async throws {
        let kills = Effort.rounds(4, nightly: 100)
        try await withTemporaryFolder { folder in
            let bench = try await Bench(in: folder)
            let (loop, server) = (bench.loop, bench.server)
            var random = SeededGenerator(seed: UInt64.random(in: 0..<1_000_000))
            for round in 0..<kills {
                let before = server.mails.count
                let process = try MarqueeProcess(bench.words, in: folder)
                if round > 0 {
                    try await Loop.run(
                        ["simulate", "--count", "40", "--days", "1", "--seed", "\(round + 90)"] + loop.kafka, in: folder
                    )
                }
                try await eventually("it mails") { server.mails.count > before || !process.isRunning }
                try await Task.sleep(for: .milliseconds(random.below(40)))
                process.signal(SIGKILL)
                #expect(try await process.result().wasKilled, "\(process.errors)")
                #expect(!process.errors.contains(MailServerProcess.password))
            }
            // To users, too: each who asked gets their own.
            for user in 1...20 {
                try await Loop.run(["mail", "subscribe", "u\(user)", "u\(user)@example.org"], in: folder)
            }
            try await Loop.run(["privacy", "consent", "u2", "--personal", "off"], in: folder)
            let last = try MarqueeProcess(
                bench.words + ["--unsubscribe-url", "https://example.org/out?t={token}"], in: folder)
            try await Loop.run(
                ["simulate", "--count", "200", "--users", "20", "--days", "1", "--seed", "89"] + loop.kafka, in: folder)
            try await eventually("users get their own") { server.mails.contains { $0.to[0].hasPrefix("u") } }
            try await eventually("all is delivered") {
                try await Loop.run(["mail", "list", "--standing", "pending", "--format", "jsonl"], in: folder).isEmpty
            }
            last.signal(SIGTERM)
            _ = try await last.result()
            try await Loop.run(bench.words + ["--until-end"], in: folder)
            try await bench.check()
            let mails = try await server.read()
            let own = try #require(mails.first { $0.to[0].hasPrefix("u") })
            #expect(
                own.unsubscribe.hasPrefix("<https://example.org/out?t=") && own.post == "List-Unsubscribe=One-Click")
            #expect(!mails.contains { $0.to == ["u2@example.org"] })
            let token = own.unsubscribe.dropFirst("<https://example.org/out?t=".count).dropLast()
            let out = try await Loop.run(["mail", "unsubscribe", "--token", "\(token)"], in: folder)
            #expect(out.contains("gets no more digests"))
            let left = try await Loop.run(["mail", "subscribers", "--format", "csv"], in: folder)
            #expect(left.split(separator: "\n").count == 20 && !left.contains(own.to[0] + ","))
            #expect(try await Loop.run(["webhooks", "list", "--format", "jsonl"], in: folder).isEmpty)
        }
    }

    @Test("killed before the server's answer, it does not send the mail again by itself, and says so")
    func inDoubt() async throws {
        try await withTemporaryFolder { folder in
            let bench = try await Bench(in: folder, replies: "slow")
            let first = try MarqueeProcess(bench.words, in: folder)
            // The server has the mail and has not answered.
            try await eventually("the server has it") { bench.server.mails.count == 1 }
            first.signal(SIGKILL)
            #expect(try await first.result().wasKilled)
            let name = try #require(bench.server.mails.first?.header("Message-ID"))
            let second = try await MarqueeProcess.run(bench.words + ["--until-end"], in: folder)
            #expect(second.errors.contains("may have arrived or not"), "\(second.errors)")
            try await bench.check()
            #expect(try await bench.standing()[name]?.state == "dead")
            // Whoever looks after it may send it once more: it has the same name.
            #expect(try await Loop.run(["mail", "retry"], in: folder).contains("1 to be tried again"))
            try await Loop.run(bench.words + ["--until-end"], in: folder)
            #expect(try await bench.standing()[name]?.state == "delivered")
            let twice = bench.server.mails.filter { $0.header("Message-ID") == name }
            #expect(twice.count == 2 && twice[0].text == twice[1].text)
        }
    }

    /// Who has lost what tells it what was sent sends nothing more.
    private func stateIsTakenAway(
        _ words: [String], _ environment: [String: String], _ server: MailServerProcess, _ loop: TrainedLoop
    ) async throws {
        let state = loop.folder.appending(path: "state")
        let process = try MarqueeProcess(words, in: loop.folder, environment: environment)
        try await Loop.run(["simulate", "--count", "20", "--days", "1", "--seed", "5"] + loop.kafka, in: loop.folder)
        let before = server.mails.count
        try await eventually("it mails") { server.mails.count > before }
        for part in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(at: state.appending(path: "marquee.sqlite\(part)"))
        }
        let result = try await process.result(patience: .seconds(60))
        #expect(result.status == 65 && result.errors.contains("was removed or replaced"), "\(result.errors)")
        #expect(!result.errors.contains("another deliverer"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: state.appending(path: "marquee.sqlite").path))
        let names = server.mails.map { $0.header("Message-ID") }
        #expect(Set(names).count == names.count)
    }

    @Test("what cannot work is refused, and a wrong password is told in one line and loses nothing")
    func refusals() async throws {
        try await withTemporaryFolder { folder in
            let loop = try await TrainedLoop(in: folder)
            let server = try await MailServerProcess(in: folder.appending(path: "mail"))
            let url = "smtps://\(MailServerProcess.user)@localhost:\(server.port)"
            let rest = ["--mail-from", "films@example.org", "--mail-to", "ops@example.org"]
            for (words, status, text) in [
                (["--smtp", url] + rest, 64, "no password"),
                (["--smtp", "smtps://u:p@a"] + rest, 64, "holds a password"),
                (["--smtp", "smtps://u:p/q@a"] + rest, 64, "holds a password"),
                (["--smtp", "smtps://a:65536"] + rest, 64, "no port"),
                (["--smtp", url, "--smtp-ca", "/nowhere/ca.pem"] + rest, 64, "/nowhere/ca.pem"),
                (["--smtp", url, "--smtp-ca", folder.path] + rest, 64, "PEM file"),
                (["--smtp", url, "--smtp-password", "sesame"] + rest, 64, "MARQUEE_SMTP_PASSWORD"),
                (["--smtp", "mail.example.org"] + rest, 64, "smtps://"), (rest, 64, "--smtp"),
                (["--mail-rate", "5"], 64, "--smtp"),
                (["--smtp", "smtps://a", "--mail-to", "ops@example.org"], 64, "--mail-from"),
                (["--smtp", "smtps://a", "--mail-from", "films", "--mail-to", "ops@example.org"], 64, "name@domain"),
                (["--smtp", "smtps://a", "--unsubscribe-url", "https://a/"] + rest, 64, "{token}"),
            ] as [([String], Int32, String)] {
                try await Loop.refused(loop.notify(words), in: folder, status: status, saying: [text])
            }
            let words = loop.notify(
                ["--smtp", url, "--smtp-ca", server.authority, "--digest-every", "1s", "--since", "2000-01-01"] + rest)
            let process = try MarqueeProcess(
                words, in: folder, environment: ["MARQUEE_SMTP_PASSWORD": "wrong-secret"])
            try await eventually("it says so") { process.errors.contains("refuses user and password") }
            try await eventually("a digest waits") {
                try await Loop.run(["mail", "list", "--format", "jsonl"], in: folder).contains("digest")
            }
            process.signal(SIGTERM)
            #expect(!(try await process.result()).errors.contains("wrong-secret"))
            #expect(server.mails.isEmpty)
            let left = try await MarqueeProcess.run(
                words + ["--until-end"], in: folder, environment: ["MARQUEE_SMTP_PASSWORD": "wrong-secret"])
            #expect(left.status == 75 && left.errors.contains("not sent: they wait for the next run"), "\(left.errors)")
            let right = ["MARQUEE_SMTP_PASSWORD": MailServerProcess.password]
            try await Loop.run(words + ["--until-end"], in: folder, environment: right)
            #expect(server.mails.count >= 1)
            try await self.stateIsTakenAway(words, right, server, loop)
            try await Loop.refused(
                ["mail", "subscribe", "u1", "ann"], in: folder, status: 64, saying: ["name@domain"])
        }
    }
}
