import Foundation
import HTTPClient
import Synchronization
import TestSupport
import Testing

/// Serving for minutes (`make nightly`: an hour) under everything at once: lists, events, swaps, a broker that stands still,
/// bad requests and clients that are slow.
@Suite("Soak", .serialized, .timeLimit(.minutes(90)))
struct SoakTests {
    @Test("no request fails that the contract does not name, and memory stays flat")
    func soak() async throws {
        let seconds = Effort.soakMinutes.map { Int($0 * 60) } ?? Effort.rounds(120, nightly: 3600)
        try await TwoModels.with { folder, data, models, ids in
            let file = folder.appending(path: "broker.txt")
            let broker = try MarqueeProcess(["broker", "--bootstrap-file", file.path], in: folder)
            try await eventually("the broker listens") {
                (try? String(contentsOf: file, encoding: .utf8))?.isEmpty == false
            }
            let brokers = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            let serving = try MarqueeProcess(
                ["serve", "--store", data, "--models", models, "--port", "0", "--bootstrap-servers", brokers],
                in: folder)
            let address = try await serving.line(after: "serving on ")
            let tally = Tally()
            let end = ContinuousClock.now + .seconds(seconds)
            var memory: [Double] = []
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in 0..<3 { group.addTask { try await read(address, reader, until: end, tally) } }
                group.addTask { try await send(address, until: end, tally) }
                group.addTask { try await misbehave(address, until: end, tally) }
                group.addTask { try await swap(address, ids, until: end, tally) }
                group.addTask { try await drip(address, until: end) }
                group.addTask {
                    // Nobody hears the broker for some seconds of each minute.
                    while ContinuousClock.now + .seconds(20) < end {
                        try await Task.sleep(for: .seconds(12))
                        broker.signal(SIGSTOP)
                        try await Task.sleep(for: .seconds(5))
                        broker.signal(SIGCONT)
                        try await Task.sleep(for: .seconds(30))
                    }
                }
                while ContinuousClock.now < end {
                    try await Task.sleep(for: .seconds(1))
                    memory.append(Double(serving.residentBytes) / 1_048_576)
                }
                try await group.waitForAll()
            }
            broker.signal(SIGCONT)
            let (counts, surprises) = tally.result
            let settled = Array(memory.dropFirst(memory.count / 3))
            print(
                "soak: \(seconds) s, \(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
            )
            print(
                "soak: memory \(Int(settled.first ?? 0)) → \(Int(settled.last ?? 0)) MiB, slope \(slope(settled)) MiB a minute"
            )
            #expect(surprises.isEmpty, "\(surprises.prefix(20).joined(separator: "\n"))")
            for what in ["list 200", "event 202", "swap 200", "bad 400"] {
                #expect(counts[what, default: 0] > 0, "\(what)")
            }
            let (first, last) = (settled.first ?? 0, settled.last ?? 0)
            #expect(last < first * 1.25 + 32, "memory grew from \(first) to \(last) MiB")
            serving.signal(SIGINT)
            #expect(try await serving.result().status == 0)
            broker.signal(SIGINT)
            _ = try await broker.result()
        }
    }

    /// MiB a minute, by least squares over one value a second.
    private func slope(_ values: [Double]) -> Double {
        let n = Double(values.count)
        guard n > 1 else { return 0 }
        let (meanX, meanY) = ((n - 1) / 2, values.reduce(0, +) / n)
        var (above, below) = (0.0, 0.0)
        for (x, y) in values.enumerated() {
            above += (Double(x) - meanX) * (y - meanY)
            below += (Double(x) - meanX) * (Double(x) - meanX)
        }
        return (above / below * 60 * 100).rounded() / 100
    }

    // MARK: Who takes part

    private func read(_ address: String, _ number: Int, until end: ContinuousClock.Instant, _ tally: Tally) async throws
    {
        let client = Client(address)
        defer { client.close() }
        var round = number
        while ContinuousClock.now < end {
            let path = [
                "/v1/users/u\(round % 300)/recommendations?n=20&explain=summary",
                "/v1/items/f0\(100 + round % 400)/similar",
                "/v1/items/popular?fields=title", "/suggested_movies?user_id=stranger\(round)",
            ][round % 4]
            let (status, body) = try await client.get(path)
            tally.note("list", status, [200], path, body)
            round += 3
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func send(_ address: String, until end: ContinuousClock.Instant, _ tally: Tally) async throws {
        let http = HTTPClient.unwavering()
        defer { http.close() }
        var round = 0
        while ContinuousClock.now < end {
            let event = #"{"user_id":"u\#(round % 300)","item_id":"f0\#(100 + round % 400)","kind":"like","value":1}"#
            let answer = try await http.send(
                HTTPRequest(
                    .post, address + "/v1/events", headers: [HTTPHeader("Content-Type", "application/json")],
                    body: Array(event.utf8), attempts: 1))
            tally.note("event", answer.status, [202, 503], event, String(decoding: answer.body, as: UTF8.self))
            round += 1
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func misbehave(_ address: String, until end: ContinuousClock.Instant, _ tally: Tally) async throws {
        let http = HTTPClient.unwavering()
        defer { http.close() }
        let json = [HTTPHeader("Content-Type", "application/json")]
        let bad = [
            HTTPRequest(.get, address + "/v1/items/popular?n=0"),
            HTTPRequest(.get, address + "/v1/users/u1/recommendations?no=1"),
            HTTPRequest(.post, address + "/v1/events", headers: json, body: Array("{".utf8), attempts: 1),
            HTTPRequest(
                .post, address + "/v1/items/popular/query", headers: json,
                body: Array(String(repeating: "[", count: 100_000).utf8), attempts: 1),
            HTTPRequest(.get, address + "/v1/items/popular?cursor=AAAA"),
        ]
        var round = 0
        while ContinuousClock.now < end {
            let answer = try await http.send(bad[round % bad.count])
            tally.note(
                "bad", answer.status, [400], bad[round % bad.count].url, String(decoding: answer.body, as: UTF8.self))
            round += 1
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func swap(_ address: String, _ ids: [String], until end: ContinuousClock.Instant, _ tally: Tally)
        async throws
    {
        let http = HTTPClient.unwavering()
        defer { http.close() }
        var round = 0
        while ContinuousClock.now < end {
            round += 1
            let path = "/v1/models/\(ids[round % 2])/promote"
            let answer = try await http.send(HTTPRequest(.post, address + path, attempts: 1))
            tally.note("swap", answer.status, [200], path, String(decoding: answer.body, as: UTF8.self))
            try await Task.sleep(for: .seconds(2))
        }
    }

    /// Fifty connections that send a byte now and then, and are cut in the end: nobody else may notice.
    private func drip(_ address: String, until end: ContinuousClock.Instant) async throws {
        let port = UInt16(address.split(separator: ":").last ?? "") ?? 0
        while ContinuousClock.now < end {
            var sockets: [Int32] = []
            for _ in 0..<50 {
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                var name = sockaddr_in()
                name.sin_family = sa_family_t(AF_INET)
                name.sin_port = port.bigEndian
                name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                let size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let result = withUnsafePointer(to: &name) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
                }
                if result == 0 { sockets.append(descriptor) } else { close(descriptor) }
            }
            for byte in "GET /v1/items/popular HTTP/1.1\r\n".utf8 where ContinuousClock.now < end {
                for descriptor in sockets {
                    _ = [byte].withUnsafeBytes {
                        Glibc.send(descriptor, $0.baseAddress, 1, Int32(MSG_NOSIGNAL))
                    }
                }
                try await Task.sleep(for: .seconds(1))
            }
            for descriptor in sockets { close(descriptor) }
        }
    }
}

/// What came back, and what should not have.
private final class Tally: Sendable {
    private let state = Mutex<(counts: [String: Int], surprises: [String])>(([:], []))

    func note(_ what: String, _ status: Int, _ expected: [Int], _ request: String, _ body: String) {
        state.withLock {
            $0.counts["\(what) \(status)", default: 0] += 1
            if !expected.contains(status) { $0.surprises.append("\(request): \(status) \(body.prefix(300))") }
        }
    }

    var result: (counts: [String: Int], surprises: [String]) { state.withLock { $0 } }
}
