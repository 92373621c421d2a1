import Domain
import EventIngest
import Foundation
import HTTPClient
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

/// The table "What an answer is while something is wrong" of docs/serving.md, read from the page: each row is brought about
/// at a real server, and what it says is asked for.
@Suite(.serialized, .timeLimit(.minutes(30))) struct DegradationTests {
    private static let rows = Result { try DegradationRow.all() }

    @Test func everyRowHasAWalkAndEveryWalkARow() throws {
        let rows = try Self.rows.get()
        #expect(rows.count >= 10)
        #expect(Set(rows.map(\.fault)) == Set(Fault.all.keys))
        #expect(Set(rows.map(\.fault)).count == rows.count)
    }

    @Test func everyRowHolds() async throws {
        try await withTemporaryFolder { folder in
            let trained = folder.appending(path: "trained")
            try FileManager.default.createDirectory(at: trained, withIntermediateDirectories: true)
            _ = try await Loop.trained(in: trained)
            for (number, row) in try Self.rows.get().enumerated() {
                guard let fault = Fault.all[row.fault] else { continue }
                let place = folder.appending(path: "row\(number)")
                try FileManager.default.copyItem(at: trained, to: place)
                do {
                    try await Scene.with(place) { scene in
                        try await fault(scene)
                        try await hold(row, scene)
                    }
                } catch {
                    Issue.record("\(row.fault): \(error)")
                }
            }
        }
    }

    private func hold(_ row: DegradationRow, _ scene: Scene) async throws {
        // Faults are noticed within seconds; what they are is stated from then on.
        try await eventually("\(row.fault): lists are as the table says", patience: .seconds(180)) {
            let list = try await scene.list()
            return list.status == row.status && list.degraded == row.degraded
        }
        try await eventually("\(row.fault): readiness is as the table says", patience: .seconds(180)) {
            let ready = try await scene.ask(.get, "/healthz/ready")
            return ready.status == row.ready.status && ready.degraded == row.ready.words
        }
        // Of several in a row the fastest: what is looked at is whether an answer waits for what is broken, and not how busy
        // the machine is.
        var fastest = Double.infinity
        for _ in 0..<5 {
            let list = try await scene.list()
            #expect(list.status == row.status && list.degraded == row.degraded, "\(row.fault): \(list.text)")
            if row.status == 200 { #expect(list.items == 20, "\(row.fault): \(list.text)") }
            fastest = min(fastest, list.seconds)
        }
        #expect(fastest < row.seconds, "\(row.fault): \(fastest) s")
        try await eventually("\(row.fault): \(row.metric)", patience: .seconds(180)) {
            row.metric.isTrue(of: try await scene.ask(.get, "/metrics").text)
        }
        if let refused = row.refused {
            let answer = try await scene.ask(refused.method, refused.path)
            #expect(answer.status == refused.status, "\(row.fault): \(answer.text)")
            // No worse than a list: a change waits for the disk, the broker or another process, but not for ever.
            #expect(answer.seconds < 30)
        }
        // And the process lives.
        #expect(try await scene.ask(.get, "/healthz/live").status == 200)
    }
}

// MARK: The table

/// One row of the table.
struct DegradationRow {
    var fault: String
    var status: Int
    var degraded: [String]
    var ready: (status: Int, words: [String])
    var refused: (method: HTTPRequest.Method, path: String, status: Int)?
    var metric: MetricClaim
    var seconds: Double

    struct Malformed: Error { let line: String }

    /// Of the page, in its order.
    static func all() throws -> [DegradationRow] {
        let page = try String(contentsOf: Checkout.root.appending(path: "docs/serving.md"), encoding: .utf8)
        guard let start = page.range(of: "## What an answer is while something is wrong\n") else {
            throw Malformed(line: "there is no table")
        }
        let section = page[start.upperBound...].components(separatedBy: "\n## ")[0]
        let lines = section.split(separator: "\n").filter { $0.hasPrefix("|") }
        return try lines.dropFirst(2).map { try DegradationRow(String($0)) }
    }

    private init(_ line: String) throws {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { $0.trimmingCharacters(in: .whitespaces) }
        func words(_ cell: String) -> [String] {
            cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
        guard cells.count == 7, let status = Int(cells[1]), let ready = Int(cells[3].prefix(3)),
            let metric = words(cells[5]).first.flatMap(MetricClaim.init),
            let seconds = Double(cells[6].split(separator: " ").first ?? "")
        else { throw Malformed(line: line) }
        fault = cells[0]
        self.status = status
        degraded = words(cells[2])
        self.ready = (ready, words(cells[3]))
        self.metric = metric
        self.seconds = seconds
        guard let request = words(cells[4]).first else { return }
        let parts = request.split(separator: " ").map(String.init)
        guard parts.count == 2, let method = HTTPRequest.Method(rawValue: parts[0]), let code = Int(cells[4].suffix(3))
        else { throw Malformed(line: line) }
        refused = (method, parts[1], code)
    }
}

/// What a row says of a metric, such as `marquee_event_lag > 0`.
struct MetricClaim: CustomStringConvertible {
    let description: String
    private let name: String
    private let isAbove: Bool
    private let value: Double

    init?(_ text: String) {
        description = text
        let parts = text.split(separator: " ").map(String.init)
        guard let last = parts.last, let value = Double(last), parts.count == 2 || parts.count == 3 && parts[1] == ">"
        else { return nil }
        name = parts[0]
        isAbove = parts.count == 3
        self.value = value
    }

    func isTrue(of metrics: String) -> Bool {
        metrics.split(separator: "\n").contains { line in
            guard line.hasPrefix(name + " "), let found = Double(line.dropFirst(name.count + 1)) else { return false }
            return isAbove ? found > value : found == value
        }
    }
}

// MARK: A server, and what happens to it

/// One server with all that belongs to it, in a folder of its own.
final class Scene {
    let folder: URL
    private(set) var server: MarqueeProcess?
    private let http = HTTPClient.unwavering()
    private var address = ""
    private var ending: [() async -> Void] = []
    var key: String?

    private init(_ folder: URL) { self.folder = folder }

    static func with(_ folder: URL, _ body: (Scene) async throws -> Void) async throws {
        let scene = Scene(folder)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(scene))
        } catch {
            result = .failure(error)
        }
        scene.server?.signal(SIGKILL)
        for end in scene.ending.reversed() { await end() }
        scene.http.close()
        try result.get()
    }

    func atEnd(_ end: @escaping () async -> Void) { ending.append(end) }
    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Starts the server.
    func serve(_ more: [String] = [], environment: [String: String] = [:]) async throws {
        let server = try MarqueeProcess(
            ["serve", "--store", path("data"), "--models", path("models"), "--state", path("state"), "--port", "0"]
                + more, in: folder, environment: environment)
        self.server = server
        address = try await server.line(after: "serving on ")
    }

    func untilReady() async throws {
        try await eventually("the server is ready") { try await ask(.get, "/healthz/ready").status == 200 }
    }

    struct Answer {
        var status: Int
        var text: String
        var seconds: Double
        var degraded: [String] = []
        var items = 0
    }

    /// In which content counts, whatever the model has learned of it.
    func list() async throws -> Answer { try await ask(.get, "/v1/users/u1/recommendations?n=20&content_weight=0.3") }

    func ask(_ method: HTTPRequest.Method, _ path: String) async throws -> Answer {
        let start = ContinuousClock.now
        let bodies: [HTTPRequest.Method: String] = [
            .post: #"{"user_id":"u1","item_id":"f0100","kind":"like","value":1}"#, .patch: #"{"runtime":100}"#,
        ]
        let type = method == .patch ? "application/merge-patch+json" : "application/json"
        let answer = try await http.send(
            HTTPRequest(
                method, address + path,
                headers: (key.map { [HTTPHeader("X-API-Key", $0)] } ?? [])
                    + (method == .get ? [] : [HTTPHeader("Content-Type", type)]),
                body: bodies[method].map { Array($0.utf8) }, deadline: .seconds(60), attempts: 1))
        let text = String(decoding: answer.body, as: UTF8.self)
        var result = Answer(status: answer.status, text: text, seconds: (ContinuousClock.now - start) / .seconds(1))
        if let json = try? Loop.json(text) {
            result.degraded = json["degraded"] as? [String] ?? []
            result.items = (json["items"] as? [Any])?.count ?? 0
        }
        return result
    }
}

/// How each row of the table is brought about.
enum Fault {
    static let all: [String: @Sendable (Scene) async throws -> Void] = [
        "Elasticsearch slow": { scene in
            let search = SearchServerDouble()
            try search.start()
            scene.atEnd { await search.stop() }
            try await scene.serve(["--elasticsearch", search.address])
            try await scene.untilReady()
            search.delay(30)
        },
        "Elasticsearch down": { scene in
            // Nobody listens there.
            try await scene.serve(["--elasticsearch", "http://127.0.0.1:9"])
        },
        "Kafka down": { scene in
            let broker = try MarqueeProcess(["broker"], in: scene.folder)
            scene.atEnd { broker.signal(SIGKILL) }
            try await scene.serve(["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")])
            try await eventually("an event is taken") { try await scene.ask(.post, "/v1/events").status == 202 }
            broker.signal(SIGKILL)
        },
        "no model yet": { scene in
            try FileManager.default.removeItem(atPath: scene.path("models/current"))
            try await scene.serve()
        },
        "damaged model promoted": { scene in
            try await scene.serve()
            let models = scene.path("models")
            let name = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let other = "20991231T000000Z-" + name.suffix(8)
            try FileManager.default.copyItem(atPath: "\(models)/\(name)", toPath: "\(models)/\(other)")
            let factors = "\(models)/\(other)/factors.safetensors"
            var bytes = try Data(contentsOf: URL(filePath: factors))
            bytes[bytes.count / 2] ^= 0x40
            try FileManager.default.removeItem(atPath: factors)
            try bytes.write(to: URL(filePath: factors))
            try Data("\(other)\n".utf8).write(to: URL(filePath: "\(models)/current"), options: .atomic)
        },
        "stale model": { scene in
            let models = scene.path("models")
            let name = try String(contentsOfFile: "\(models)/current", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let manifest = "\(models)/\(name)/manifest.json"
            let text = try String(contentsOfFile: manifest, encoding: .utf8)
            // Trained years ago.
            let old = text.replacing(/("trained_at"\s*:\s*")20\d\d/) { "\($0.output.1)2020" }
            try FileManager.default.removeItem(atPath: manifest)
            try Data(old.utf8).write(to: URL(filePath: manifest))
            try await scene.serve()
        },
        "backlog of the live feed": { scene in
            let broker = try EmbeddedBroker()
            // It goes with the last who knows it.
            scene.atEnd { withExtendedLifetime(broker) {} }
            for topic in Topics.events { try broker.createTopic(topic, partitions: 1) }
            let producer = try KafkaProducer(
                properties: broker.properties.merging(KafkaProperties(["batch.num.messages": "20"])))
            var bytes: [UInt8] = []
            for number in 0..<20_000 {
                bytes.removeAll(keepingCapacity: true)
                EventEncoder.append(
                    Event(
                        eventID: "late-\(number)", userID: "other\(number % 50)", itemID: "f0100", kind: .like,
                        value: 1,
                        at: .now, source: "test"), to: &bytes)
                try producer.send(bytes, key: "other", topic: Topics.likes)
            }
            try producer.flush()
            // A few messages for each round trip, which takes long.
            broker.setRoundTrip(1, milliseconds: 400)
            try await scene.serve([
                "--bootstrap-servers", broker.bootstrapServers, "--kafka.fetch.message.max.bytes", "4000",
            ])
        },
        "store gone": { scene in
            try await scene.serve()
            try FileManager.default.moveItem(atPath: scene.path("data"), toPath: scene.path("elsewhere"))
        },
        "disk full": { scene in
            let library = try await FullDisk.library(in: scene.folder)
            let full = scene.path("full")
            try await scene.serve(environment: ["LD_PRELOAD": library, "FULL_FILE": full])
            try await scene.untilReady()
            try Data().write(to: URL(filePath: full))
        },
        "catalogue missing": { scene in
            try FileManager.default.removeItem(atPath: scene.path("data/movies"))
            try await scene.serve()
        },
        "state locked": { scene in
            try await scene.serve()
            #expect(try await scene.ask(.patch, "/v1/items/f0100").status == 200)
            try await eventually("a list is made") { try await scene.list().status == 200 }
            try await eventually("answers are written down") {
                (try? FileManager.default.contentsOfDirectory(atPath: scene.path("state/answers")))?.isEmpty == false
            }
            let lock = try WriterLock(scene.path("state/marquee.sqlite"))
            scene.atEnd { lock.end() }
        },
        "state gone": { scene in
            let made = try await Loop.run(
                ["keys", "create", "reader", "--scopes", "read", "--state", scene.path("state")], in: scene.folder)
            scene.key = String(made.split(separator: "\n").first ?? "")
            try await scene.serve()
            for name in try FileManager.default.contentsOfDirectory(atPath: scene.path("state"))
            where name.hasPrefix("marquee.sqlite") {
                try FileManager.default.removeItem(atPath: scene.path("state/\(name)"))
            }
        },
    ]
}

/// A disk without room: a library, loaded before the C library, in which no write to a file succeeds while another file is
/// there.
private enum FullDisk {
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <sys/stat.h>
        #include <unistd.h>
        static int is_full(int descriptor) {
            const char *file = getenv("FULL_FILE");
            struct stat status;
            return file && access(file, F_OK) == 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
        }
        ssize_t write(int d, const void *b, size_t n) {
            if (is_full(d)) { errno = ENOSPC; return -1; }
            return ((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(d, b, n);
        }
        ssize_t pwrite(int d, const void *b, size_t n, off_t o) {
            if (is_full(d)) { errno = ENOSPC; return -1; }
            return ((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"))(d, b, n, o);
        }
        ssize_t pwrite64(int d, const void *b, size_t n, off64_t o) {
            if (is_full(d)) { errno = ENOSPC; return -1; }
            return ((ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64"))(d, b, n, o);
        }
        """

    static func library(in folder: URL) async throws -> String {
        let (library, code) = (folder.appending(path: "full.so").path, folder.appending(path: "full.c"))
        try Data(source.utf8).write(to: code)
        let (status, output) = try await runCommand(
            "/usr/bin/cc", ["-shared", "-fPIC", "-o", library, code.path, "-ldl"])
        #expect(status == 0, "\(output)")
        return library
    }
}

/// Holds the right to write an SQLite file, as another process does in the middle of a transaction: the lock of byte 120 of
/// the index of its write-ahead log (https://sqlite.org/walformat.html).
private final class WriterLock: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path + "-shm", O_RDWR | O_CLOEXEC)
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 120
        lock.l_len = 1
        guard descriptor >= 0, fcntl(descriptor, F_SETLKW, &lock) == 0 else {
            throw CocoaError(.fileLocking)
        }
    }

    func end() { close(descriptor) }
}
