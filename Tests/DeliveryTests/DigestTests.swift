import Domain
import Foundation
import HTTPClient
import Operations
import TestSupport
import Testing

@testable import Delivery

/// Digests before a real server, and what may go wrong there.
@Suite(
    .serialized, .timeLimit(.minutes(3)),
    .enabled(if: MailServerProcess.isAvailable, "\(MailServerProcess.needed)"))
struct DigestServiceTests {
    private struct Bench {
        let state: StateDatabase
        let folder: URL
        var outbox: Outbox { Outbox(state) }

        init(_ folder: URL) {
            self.folder = folder
            state = StateDatabase(folder: folder.appending(path: "state").path)
        }

        func service(
            _ url: String, user: String? = MailServerProcess.user, password: String? = MailServerProcess.password,
            allowsPlain: Bool = false, authority: String? = nil, to: [String] = ["ops@example.org"],
            _ change: (inout DigestSettings) -> Void = { _ in }
        ) throws -> DigestService {
            var settings = DigestSettings(
                server: try MailServer(
                    url, user: user, password: password, allowsPlain: allowsPlain, certificateAuthority: authority),
                from: try MailAddress("films@example.org"), operators: try to.map { try MailAddress($0) })
            settings.interval = 3600
            settings.rate = 6000
            settings.firstPause = .milliseconds(1)
            settings.timeout = .seconds(2)
            change(&settings)
            return DigestService(settings, state: state)
        }

        /// Lists of the present interval, and the digest of them.
        func digest(_ service: DigestService, users: [String] = ["u1"], number: Int64) throws {
            let before = Timestamp(seconds: 1_700_000_000 + number * 3600)
            try service.closeDigest(at: before)
            let lists = users.map { user in
                DeliveredList(
                    userID: user, recommendationID: "r", modelID: "m", generatedAt: before,
                    items: [.init(itemID: "f1", title: "Amélie", score: 1, reasons: [])])
            }
            let wanted = try service.wanted(users)
            let step = DeliveryLedger.Step(source: "s", from: number == 0 ? nil : number, to: number + 1)
            let other = try DeliveryLedger(state).commit(
                "c", [step], messages: [],
                lists: lists.filter { wanted.contains(ExactText($0.userID)) }.map {
                    .init(userID: $0.userID, generatedAt: before, document: try DigestEntry($0).document)
                })
            #expect(other == nil)
            try service.closeDigest(at: before.advanced(bySeconds: 3600))
            // Once for each interval, whoever looks again.
            try service.closeDigest(at: before.advanced(bySeconds: 3601))
        }
    }

    @Test(arguments: ["tls", "starttls", "none"])
    func aDigestIsMailedOnce(protection: String) async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder, ["--protection", protection])
            let scheme = protection == "tls" ? "smtps" : "smtp"
            let isPlain = protection == "none"
            let service = try bench.service(
                "\(scheme)://localhost:\(server.port)", user: isPlain ? nil : MailServerProcess.user,
                password: isPlain ? nil : MailServerProcess.password, allowsPlain: isPlain,
                authority: isPlain ? nil : server.authority, to: ["ops@example.org", "Ann <ann@example.org>"])
            try bench.digest(service, users: ["u1", "u2"], number: 0)
            await service.flush(within: .seconds(60))
            await service.flush(within: .seconds(60))
            let mails = server.mails
            #expect(mails.map(\.to).sorted { $0[0] < $1[0] } == [["ann@example.org"], ["ops@example.org"]])
            #expect(mails.allSatisfy { $0.from == "films@example.org" && $0.tls == (protection == "starttls") })
            #expect(mails.allSatisfy { $0.user == (isPlain ? nil : MailServerProcess.user) })
            #expect(
                mails.allSatisfy { $0.text.contains("New predictions for 2 users") && $0.text.contains("Am=C3=A9lie") })
            #expect(try bench.outbox.messages(.delivered).count == 2)
        }
    }

    @Test func aServerThatTakesNoMailCostsNoAttemptAndNothingIsLost() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder)
            let expired = try await MailServerProcess(in: folder.appending(path: "expired"), ["--expired"])
            let silent = try await MailServerProcess(in: folder.appending(path: "silent"), ["--silent"])
            let bare = try await MailServerProcess(in: folder.appending(path: "bare"), ["--protection", "none"])
            let url = "smtps://localhost:\(server.port)"
            try bench.digest(try bench.service(url, authority: server.authority), number: 0)
            let cases: [(DigestService, String)] = [
                (
                    try bench.service(url, password: "wrong-secret", authority: server.authority),
                    "refuses user and password"
                ),
                (try bench.service(url), "No trusted connection"),
                (
                    try bench.service("smtps://localhost:\(expired.port)", authority: expired.authority),
                    "certificate has expired"
                ),
                (try bench.service("smtps://localhost:\(silent.port)", authority: server.authority), "did not answer"),
                (try bench.service("smtp://localhost:\(bare.port)", authority: server.authority), "STARTTLS"),
                (try bench.service("smtps://localhost:1", authority: server.authority), "Cannot connect"),
            ]
            for (service, reason) in cases {
                await service.flush(within: .seconds(60))
                let message = try #require(try bench.outbox.messages(.pending).first, "\(reason)")
                #expect(message.attempts == 0 && message.reason?.contains(reason) == true, "\(message.reason ?? "")")
                #expect(message.reason?.contains("wrong-secret") == false)
            }
            #expect(server.mails.isEmpty)
            await (try bench.service(url, authority: server.authority)).flush(within: .seconds(60))
            #expect(server.mails.count == 1)
        }
    }

    @Test func aMailThatIsRefusedForNowIsSentAgainAndOneRefusedForGoodIsKeptAsDead() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(
                in: folder, ["--replies", "451 later|452 full|250 taken|554 never|451 a|451 b|451 c"])
            let service = try bench.service("smtps://localhost:\(server.port)", authority: server.authority) {
                $0.attempts = 3
            }
            func flushed(_ standing: Outbox.Standing, _ count: Int) async throws {
                try await eventually("\(count) are \(standing)") {
                    await service.flush(within: .seconds(60))
                    return try bench.outbox.messages(standing).count == count
                }
            }
            try bench.digest(service, number: 0)
            try await flushed(.delivered, 1)
            #expect(server.mails.count == 3 && Set(server.mails.map { $0.header("Message-ID") }).count == 1)
            #expect(Set(server.mails.map(\.text)).count == 1)
            try bench.digest(service, number: 1)
            try await flushed(.dead, 1)
            #expect(server.mails.count == 4)
            #expect(try bench.outbox.messages(.dead).first?.reason?.contains("554 never") == true)
            try bench.digest(service, number: 2)
            try await flushed(.dead, 2)
            #expect(server.mails.count == 7)
            // Somebody has mended it.
            #expect(try bench.outbox.revive(nil) == 2)
            try await flushed(.delivered, 3)
        }
    }

    @Test(arguments: [("mute", 2), ("cut", 2), ("drop", 1)])
    func whatWasNotAnsweredIsSentAgainUnderTheSameName(reply: String, mails: Int) async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder, ["--replies", reply])
            let service = try bench.service("smtps://localhost:\(server.port)", authority: server.authority)
            try bench.digest(service, number: 0)
            try await eventually("it is delivered") {
                await service.flush(within: .seconds(60))
                return try bench.outbox.messages(.delivered).count == 1
            }
            #expect(server.mails.count == mails && Set(server.mails.map(\.text)).count == 1)
            #expect(try bench.outbox.messages(.delivered).first?.attempts == 2)
        }
    }

    @Test func aReceiverThatIsRefusedHoldsUpNobody() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder)
            let service = try bench.service(
                "smtps://localhost:\(server.port)", authority: server.authority,
                to: ["450@example.org", "550@example.org", "ops@example.org"]
            ) { $0.attempts = 2 }
            try bench.digest(service, number: 0)
            try await eventually("two are dead") {
                await service.flush(within: .seconds(60))
                return try bench.outbox.messages(.dead).count == 2
            }
            let dead = try bench.outbox.messages(.dead)
            #expect(dead.first { $0.reason?.contains("550 not this one") == true }?.attempts == 1)
            #expect(dead.first { $0.reason?.contains("450 not this one") == true }?.attempts == 2)
            #expect(server.mails.map(\.to) == [["ops@example.org"]])
        }
    }

    /// A server that is away costs nothing; one that takes part, and hangs up at one mail each time, ends that mail alone.
    @Test func aMailAtWhichTheServerHangsUpIsGivenUpAndHoldsUpNobody() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder)
            let service = try bench.service(
                "smtps://localhost:\(server.port)", authority: server.authority,
                to: ["hangup@example.org", "ops@example.org"]
            ) { $0.attempts = 3 }
            try bench.digest(service, number: 0)
            #expect(try service.waiting() == 2)
            try await eventually("it is dead") {
                await service.flush(within: .seconds(60))
                return try bench.outbox.messages(.dead).count == 1
            }
            let dead = try #require(try bench.outbox.messages(.dead).first)
            #expect(dead.attempts == 3 && dead.reason?.contains("broke") == true, "\(dead.reason ?? "")")
            #expect(server.mails.map(\.to) == [["ops@example.org"]])
            #expect(try service.waiting() == 0)
            #expect(try bench.outbox.revive(nil) == 1)
            server.stop()
            await service.flush(within: .seconds(60))
            let waiting = try #require(try bench.outbox.messages(.pending).first)
            #expect(
                waiting.attempts == 0 && waiting.reason?.contains("Cannot connect") == true, "\(waiting.reason ?? "")")
            #expect(try service.waiting() == 1)
        }
    }

    @Test func theRateHoldsOverRestarts() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder)
            func service() throws -> DigestService {
                try bench.service(
                    "smtps://localhost:\(server.port)", authority: server.authority,
                    to: ["a@example.org", "b@example.org"]
                ) { $0.rate = 1 }
            }
            try bench.digest(try service(), number: 0)
            await (try service()).flush(within: .seconds(1))
            await (try service()).flush(within: .seconds(1))
            // The second is due a minute after the first.
            #expect(server.mails.count == 1)
            #expect(try bench.outbox.messages(.pending).count == 1)
        }
    }

    @Test func subscribersGetTheirOwnAndOnlyAsLongAsTheyWantIt() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let (subscriptions, register) = (MailSubscriptions(bench.state), PersonalRegister(bench.state))
            let users = [
                "plain", "objects", "objects later", "gets out", "erased", "moves", "<b>\r\nBcc: x@example.org",
            ]
            for (number, user) in users.enumerated() { try subscriptions.add(user, address: "u\(number)@example.org") }
            try register.set([.personal: false], of: "objects", by: "test")
            let server = try await MailServerProcess(in: folder)
            let service = try bench.service("smtps://localhost:\(server.port)", authority: server.authority) {
                $0.unsubscribe = "https://example.org/out?t={token}"
            }
            #expect(try service.wanted(users).count == users.count - 1)
            try bench.digest(service, users: users + ["nobody"], number: 0)
            // All of it is written down: then they change their minds.
            #expect(try bench.outbox.messages(.pending).count == users.count)
            try register.set([.personal: false], of: "objects later", by: "test")
            #expect(try subscriptions.remove("gets out") && !subscriptions.remove("nobody"))
            #expect(try PersonalMessages(bench.state).remove(about: "erased") == 3)
            #expect(try PersonalMessages(bench.state).all(about: "erased").isEmpty)
            try subscriptions.add("moves", address: "elsewhere@example.org")
            await service.flush(within: .seconds(60))
            let mails = try await server.read()
            #expect(mails.map(\.to[0]).sorted() == ["ops@example.org", "u0@example.org", "u6@example.org"])
            let own = try #require(mails.first { $0.to == ["u0@example.org"] })
            let token = try #require(try subscriptions.all().first { $0.userID == "plain" }?.token)
            #expect(own.unsubscribe == "<https://example.org/out?t=\(token)>")
            #expect(own.post == "List-Unsubscribe=One-Click")
            #expect(
                own.subject == "1 film for you" && own.text.contains("1. Amélie")
                    && own.html.contains("<li>Amélie</li>"))
            let all = try #require(mails.first { $0.to == ["ops@example.org"] })
            #expect(all.unsubscribe == "<mailto:films@example.org?subject=unsubscribe>" && all.post.isEmpty)
            for gone in ["objects", "erased"] { #expect(!all.text.contains(gone) && !all.html.contains(gone)) }
            #expect(all.text.contains("<b>  Bcc: x@example.org") && all.html.contains("&lt;b&gt;"))
            #expect(all.subject == "New predictions for 5 users")
            // What was sent about somebody is remembered for a while, and erased with the rest.
            #expect(try PersonalMessages(bench.state).all(about: "plain").count == 3)
            #expect(try PersonalMessages(bench.state).remove(about: "plain") == 3)
            #expect(try subscriptions.user(of: token) == nil)
        }
    }

    @Test func aMailThatWasTakenBackIsNotFinished() async throws {
        try await withTemporaryFolder { folder in
            let bench = Bench(folder)
            let server = try await MailServerProcess(in: folder)
            let transport = MailTransport(
                try MailServer(
                    "smtps://localhost:\(server.port)", user: MailServerProcess.user,
                    password: MailServerProcess.password, certificateAuthority: server.authority))
            try bench.outbox.add([.init("digest", to: Outbox.mail, id: "1", body: Array("{}".utf8))])
            _ = try bench.outbox.claim(for: Outbox.mail, term: .seconds(60))
            try bench.outbox.withdraw("1")
            #expect(throws: MailError.stopped) {
                try transport.send(
                    Array("Subject: x\r\n\r\nx\r\n".utf8), from: "a@example.org", to: "b@example.org",
                    mayFinish: { (try? bench.outbox.handOver("1", reason: "")) ?? false })
            }
            transport.close()
            #expect(server.mails.isEmpty)
        }
    }
}
