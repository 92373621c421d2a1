import Foundation
import HTTPClient
import Synchronization
import TestSupport
import Testing

/// Three servers over the same folders behind nginx, as deploy/nginx/marquee.conf has it and docs/replicas.md says.
@Suite(
    "Replicas", .serialized, .timeLimit(.minutes(10)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: Nginx.program), "needs nginx: scripts/setup nginx-light"))
struct ReplicaTests {
    @Test("three answer alike, share pages, lists, events and models, and are started anew without a lost request")
    func replicas() async throws {
        try await Replicas.with { replicas, proxy in
            try await alike(replicas, proxy)
            try await together(replicas, proxy)
            try await rolling(replicas, proxy)
        }
    }

    /// Any of them answers alike, goes on with the others' pages, and shows the others' lists again.
    private func alike(_ replicas: Replicas, _ proxy: Client) async throws {
        for user in ["u1", "u2", "u3", "u40", "nobody"] {
            let path = "/v1/users/\(user)/recommendations?n=20&explain=summary"
            let lists = try await replicas.ask(path)
            #expect(Set(lists.map(\.items)).count == 1, "\(user)")
        }
        let clients = replicas.clients + [proxy]
        // A page from each in turn, beside all pages from one.
        var (paged, whole): ([String], [String]) = ([], [])
        for one in [true, false] {
            var cursor = ""
            for number in 0..<4 {
                let path = "/v1/users/u1/recommendations?n=5\(cursor.isEmpty ? "" : "&cursor=\(cursor)")"
                let page = try await clients[one ? 0 : number].object(path)
                cursor = try #require(page["next_cursor"] as? String)
                let items = Answered(page).items
                if one { whole.append(items) } else { paged.append(items) }
            }
        }
        #expect(paged == whole && Set(paged).count == 4)
        // Asked for at once, of those who did not answer it.
        for (number, client) in clients.enumerated() {
            let list = try await client.object("/v1/users/u\(number + 1)/recommendations?n=7")
            let id = try #require(list["recommendation_id"] as? String)
            for other in clients {
                let again = try await other.object("/v1/recommendations/\(id)")
                #expect(Answered(again).items == Answered(list).items && again["replayed"] as? Bool == true)
            }
        }
        #expect(try await proxy.get("/metrics").status == 404)
        #expect(try await proxy.get("/healthz/ready").status == 200)
    }

    /// What is sent to one is known to all, and the pointer alone moves them to another model.
    private func together(_ replicas: Replicas, _ proxy: Client) async throws {
        var slowest = Duration.zero
        for number in 0..<6 {
            let event = #"{"user_id":"late\#(number)","item_id":"f0\#(100 + number)","kind":"like","value":1}"#
            #expect(try await proxy.post("/v1/events", event) == 202)
            let sent = ContinuousClock.now
            try await eventually("all know the event") {
                let states = try await replicas.ask("/v1/users/late\(number)/recommendations?n=5").map(\.state)
                return states.allSatisfy { $0 == "folded_in" }
            }
            slowest = max(slowest, .now - sent)
        }
        print("replicas: an event was known to all after \(slowest) at most")
        let lists = try await replicas.ask("/v1/users/late3/recommendations?n=20")
        #expect(Set(lists.map(\.items)).count == 1)

        // Pages of the model before go on everywhere, and those of the next one where it has not come yet.
        let first = try await replicas.clients[0].object("/v1/users/u1/recommendations?n=5")
        let before = try #require(first["next_cursor"] as? String)
        try await Loop.run(
            ["models", "promote", replicas.models[1], "--models", replicas.registry], in: replicas.folder)
        try await eventually("one has the next model") {
            try await replicas.ask("/v1/users/u1/recommendations?n=5")[2].model == replicas.models[1]
        }
        let second = try await replicas.clients[2].object("/v1/users/u1/recommendations?n=5")
        let after = try #require(second["next_cursor"] as? String)
        for cursor in [before, after] {
            let pages = try await replicas.ask("/v1/users/u1/recommendations?n=5&cursor=\(cursor)")
            #expect(Set(pages.map(\.items)).count == 1)
            let id = replicas.models[cursor == before ? 0 : 1]
            #expect(pages.allSatisfy { $0.model == id })
        }
        try await eventually("all have the next model") {
            try await replicas.ask("/v1/users/u2/recommendations?n=5").allSatisfy { $0.model == replicas.models[1] }
        }
        let last = try await replicas.ask("/v1/users/u2/recommendations?n=20")
        #expect(Set(last.map(\.items)).count == 1)
    }

    /// One after the other is started anew under load, and no request is lost.
    private func rolling(_ replicas: Replicas, _ proxy: Client) async throws {
        let tally = ReplicaTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let http = HTTPClient.unwavering()
                    defer { http.close() }
                    var round = number
                    while !tally.isOver.load(ordering: .relaxed) {
                        try await Self.ask(http, proxy.address, round, tally)
                        round += 4
                    }
                }
            }
            group.addTask {
                defer { tally.isOver.store(true, ordering: .relaxed) }
                for number in 0..<3 {
                    try await Task.sleep(for: .seconds(2))
                    try await replicas.restart(number)
                }
                // A kill, too: whoever asked it asks another one.
                try await Task.sleep(for: .seconds(2))
                tally.isKilling.store(true, ordering: .relaxed)
                try await replicas.restart(0, by: SIGKILL)
                tally.isKilling.store(false, ordering: .relaxed)
                try await Task.sleep(for: .seconds(1))
            }
            try await group.waitForAll()
        }
        let (answered, taken, lost) = tally.result
        print("replicas: \(answered) lists and \(taken.count) events over four restarts")
        #expect(lost.isEmpty, "\(lost.prefix(10).joined(separator: "\n"))")
        #expect(answered > 100 && taken.count > 100)
        // What was taken is there, once.
        try await Loop.run(
            ["ingest", "--store", replicas.store, "--until-end"] + replicas.kafka, in: replicas.folder)
        let rows = try await Loop.run(
            ["store", "cat", "\(replicas.store)/events", "--columns", "event_id", "--format", "csv"],
            in: replicas.folder)
        let stored = rows.split(separator: "\n").map(String.init).filter { $0.hasPrefix("roll-") }
        #expect(Set(stored).isSuperset(of: taken) && Set(stored).count == stored.count)
    }

    /// A list and an event, each sent once.
    private static func ask(_ http: HTTPClient, _ address: String, _ round: Int, _ tally: ReplicaTally) async throws {
        let list = HTTPRequest(.get, address + "/v1/users/u\(round % 100)/recommendations?n=10", attempts: 1)
        let id = "roll-\(round)"
        let (user, item) = ("r\(round % 50)", "f0\(100 + round % 400)")
        let event = #"{"event_id":"\#(id)","user_id":"\#(user)","item_id":"\#(item)","kind":"view","value":1}"#
        let change = HTTPRequest(
            .post, address + "/v1/events", headers: [HTTPHeader("Content-Type", "application/json")],
            body: Array(event.utf8), attempts: 1)
        for (request, expected) in [(list, 200), (change, 202)] {
            let wasKilling = tally.isKilling.load(ordering: .relaxed)
            do {
                let answer = try await http.send(request)
                // An event that a killed server was at work on is answered 502, and nobody knows whether it was taken.
                let isKilling = wasKilling || tally.isKilling.load(ordering: .relaxed)
                if isKilling, expected == 202, answer.status == 502 { continue }
                tally.note(answer.status == expected, expected == 202 ? id : nil) {
                    "\(request.url): \(answer.status) \(String(decoding: answer.body.prefix(300), as: UTF8.self))"
                }
            } catch {
                tally.note(false, nil) { "\(request.url): \(error)" }
            }
        }
    }
}

/// What came back.
private final class ReplicaTally: Sendable {
    private let state = Mutex<(answered: Int, taken: Set<String>, lost: [String])>((0, [], []))
    let isKilling = Atomic<Bool>(false)
    let isOver = Atomic<Bool>(false)

    func note(_ isGood: Bool, _ event: String?, _ what: () -> String) {
        state.withLock {
            guard isGood else { return $0.lost.append(what()) }
            if let event { $0.taken.insert(event) } else { $0.answered += 1 }
        }
    }

    var result: (answered: Int, taken: Set<String>, lost: [String]) { state.withLock { $0 } }
}

/// What two answers must have alike.
private struct Answered {
    /// Each with its place and score.
    var items = ""
    var model: String?
    var state: String?

    init(_ object: [String: Any]) {
        let rows = object["items"] as? [[String: Any]] ?? []
        items = rows.map { "\($0["id"] ?? "") \($0["rank"] ?? "") \($0["score"] ?? "")" }.joined(separator: "\n")
        model = (object["model"] as? [String: Any])?["id"] as? String
        state = object["user_state"] as? String
    }
}

/// Three servers over one store, one registry and one state, and the broker that they hear.
private final class Replicas: Sendable {
    let folder: URL
    let store: String
    let registry: String
    /// The older one is in service.
    let models: [String]
    let kafka: [String]
    private let ports: [Int]
    private let processes: Mutex<[MarqueeProcess]>
    let clients: [Client]

    /// - Parameter body: gets them, and a client of nginx before them.
    static func with(_ body: (Replicas, Client) async throws -> Void) async throws {
        try await TwoModels.with { folder, data, models, names in
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            let replicas = try await Replicas(folder, data, models, names, kafka)
            let nginx = try await Nginx(before: replicas.ports, in: folder)
            let proxy = Client(nginx.address)
            do {
                try await body(replicas, proxy)
            } catch {
                try await nginx.stop()
                throw error
            }
            try await nginx.stop()
            for process in replicas.processes.withLock({ $0 }) {
                process.signal(SIGTERM)
                #expect(try await process.result().status == 0)
            }
            broker.signal(SIGINT)
            _ = try await broker.result()
        }
    }

    private init(_ folder: URL, _ data: String, _ models: String, _ names: [String], _ kafka: [String]) async throws {
        (self.folder, store, registry, self.models, self.kafka) = (folder, data, models, names, kafka)
        var started: [(process: MarqueeProcess, address: String)] = []
        for _ in 0..<3 {
            let process = try MarqueeProcess(Self.words(data, models, kafka, port: 0), in: folder)
            started.append((process, try await process.line(after: "serving on ")))
        }
        processes = Mutex(started.map(\.process))
        ports = started.map { Int($0.address.split(separator: ":").last ?? "") ?? 0 }
        clients = started.map { Client($0.address) }
    }

    private static func words(_ data: String, _ models: String, _ kafka: [String], port: Int) -> [String] {
        ["serve", "--store", data, "--models", models, "--port", "\(port)"] + kafka
    }

    /// Stops one as its unit does, or as a crash, and starts it again where it was.
    func restart(_ number: Int, by signal: Int32 = SIGTERM) async throws {
        let old = processes.withLock { $0[number] }
        old.signal(signal)
        let result = try await old.result()
        #expect(signal == SIGKILL || result.status == 0, "\(result.errors)")
        let next = try MarqueeProcess(Self.words(store, registry, kafka, port: ports[number]), in: folder)
        processes.withLock { $0[number] = next }
        _ = try await next.line(after: "serving on ")
    }

    /// What each of them says to the same question.
    func ask(_ path: String) async throws -> [Answered] {
        var answers: [Answered] = []
        for client in clients { answers.append(Answered(try await client.object(path))) }
        return answers
    }
}

/// nginx with our configuration, at other ports.
private struct Nginx {
    static let program = "/usr/sbin/nginx"
    let address: String
    private let arguments: [String]

    init(before ports: [Int], in folder: URL) async throws {
        var ours = try String(
            contentsOf: Checkout.root.appending(path: "deploy/nginx/marquee.conf"), encoding: .utf8)
        for (number, port) in ports.enumerated() {
            ours = ours.replacing("127.0.0.1:\(8081 + number)", with: "127.0.0.1:\(port)")
        }
        let port = try freePort()
        ours = ours.replacing("listen 127.0.0.1:8080;", with: "listen 127.0.0.1:\(port);")
        try Data(ours.utf8).write(to: folder.appending(path: "marquee.conf"))
        // What the distribution's own file sets, in a folder of the test's.
        let around = """
            \(getuid() == 0 ? "user root;" : "")
            worker_processes 2;
            pid \(folder.path)/nginx.pid;
            events { worker_connections 512; }
            http {
                access_log off;
                client_body_temp_path \(folder.path)/body;
                proxy_temp_path \(folder.path)/proxy;
                fastcgi_temp_path \(folder.path)/fastcgi;
                uwsgi_temp_path \(folder.path)/uwsgi;
                scgi_temp_path \(folder.path)/scgi;
                include \(folder.path)/marquee.conf;
            }
            """
        let file = folder.appending(path: "nginx.conf")
        try Data(around.utf8).write(to: file)
        arguments = ["-c", file.path, "-e", folder.appending(path: "nginx.log").path]
        address = "http://127.0.0.1:\(port)"
        let (status, output) = try await runCommand(Self.program, arguments)
        #expect(status == 0, "\(output)")
    }

    func stop() async throws { _ = try await runCommand(Self.program, arguments + ["-s", "stop"]) }
}
