import Domain
import Foundation
import TestSupport
import Testing

@testable import Operations

@Suite("Cron expressions")
struct CronExpressionTests {
    @Test(
        "what is no expression is refused with the field that is wrong",
        arguments: [
            ("", "0 fields"), ("* * * *", "4 fields"), ("0 0 0 * * *", "6 fields"), ("60 * * * *", "'60' is no minute"),
            ("* 24 * * *", "'24' is no hour"), ("* * 0 * *", "'0' is no day of the month"),
            ("* * * 13 *", "'13' is no month"),
            ("* * * * 8", "'8' is no day of the week"), ("*/0 * * * *", "no step"), ("1- * * * *", "'' is no minute"),
            ("+1 * * * *", "'+1' is no minute"), ("5-1 * * * *", "runs backwards"), ("1,,2 * * * *", "'' is no minute"),
            ("* * * foo *", "'foo' is no month"), ("*/x * * * *", "no step"), ("@never", "1 fields"),
        ])
    func refusals(_ text: String, _ reason: String) {
        let error = #expect(throws: ScheduleError.self) { try CronExpression(text) }
        #expect(error?.code == "bad-cron-expression" && "\(error!)".contains(reason), "\(error!)")
    }

    @Test(
        "an expression that fires on no day of any year is refused",
        arguments: [
            "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 feb *", "0 0 31 2 *",
        ])
    func never(_ text: String) {
        #expect(throws: ScheduleError.neverFires(text: text)) { try CronExpression(text) }
    }

    @Test("an unknown time zone is refused")
    func zone() {
        #expect(throws: ScheduleError.unknownTimeZone(name: "Europe/Atlantis")) {
            try CronExpression("0 3 * * *", timeZone: "Europe/Atlantis")
        }
    }

    /// Rare days, names, and where the clock on the wall is turned: Berlin skips 02:00–03:00 on 31 March 2024 and repeats it
    /// on 27 October.
    @Test(
        "fires when it should",
        arguments: [
            ("0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
            ("@weekly", "UTC", "2026-11-29T00:00:00Z", ["2026-12-06T00:00:00Z"]),
            ("0 12 13 * fri", "UTC", "2026-11-12T12:00:00Z", ["2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z"]),
            (
                "30 2 * * *", "Europe/Berlin", "2024-03-29T12:00:00Z",
                ["2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"]
            ),
            (
                "0,15,30 2 * * *", "Europe/Berlin", "2024-03-30T12:00:00Z",
                ["2024-03-31T01:00:00Z", "2024-04-01T00:00:00Z"]
            ),
            ("30 * * * *", "Europe/Berlin", "2024-03-31T00:00:00Z", ["2024-03-31T00:30:00Z", "2024-03-31T01:30:00Z"]),
            ("30 2 * * *", "Europe/Berlin", "2024-10-26T12:00:00Z", ["2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"]),
            (
                "30 * * * *", "Europe/Berlin", "2024-10-27T00:00:00Z",
                ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T02:30:00Z"]
            ),
            // A day that was left out when the country crossed the date line.
            (
                "0 3 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z",
                ["2011-12-29T13:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T13:00:00Z"]
            ),
        ] as [(String, String, String, [String])])
    func times(_ text: String, _ zone: String, _ start: String, _ expected: [String]) throws {
        let expression = try CronExpression(text, timeZone: zone)
        var time = try #require(Timestamp(start))
        for at in expected {
            time = expression.next(after: time)
            #expect(time == Timestamp(at), "\(text) in \(zone): \(time) where \(at) is due")
        }
    }

    @Test(
        "fires as croniter says in UTC, and as zoneinfo says where clocks are turned",
        .enabled(if: Checkout.python != nil, "needs the Python environment (make venv)"))
    func oracle() async throws {
        var random = SeededGenerator(seed: 18)
        func pick(_ choices: [String]) -> String { choices[random.below(choices.count)] }
        func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + random.below(range.count) }
        func field(_ range: ClosedRange<Int>) -> String {
            let (a, b) = (number(range), number(range))
            // Of `4-4` croniter makes every hour.
            if a == b { return "\(a)" }
            return [
                "*", "\(a)", "\(min(a, b))-\(max(a, b))", "*/\(number(2...7))", "\(min(a, b)),\(max(a, b))",
                "\(min(a, b))-\(max(a, b))/\(number(2...5))",
            ][random.below(6)]
        }
        var cases: [(zone: String, start: Int64, text: String)] = []
        for _ in 0..<300 {
            let text =
                "\(field(0...59)) \(field(0...23)) \(field(1...28)) \(pick(["*", "*", "\(number(1...12))", "2-11/3", "jan", "oct"])) "
                + pick(["*", "*", "\(number(0...6))", "1-5", "mon", "6,0", "*/2"])
            cases.append(("UTC", 1_700_000_000 + Int64(random.below(400_000_000)), text))
        }
        // Around turns of an hour, of half an hour, at midnight and southwards, each way.
        let turns: [(String, [String])] = [
            ("Europe/Berlin", ["2024-03-30T12:00:30Z", "2024-10-26T12:00:30Z"]),
            ("America/New_York", ["2024-03-09T20:00:30Z", "2024-11-02T20:00:30Z"]),
            ("Australia/Lord_Howe", ["2024-04-06T00:00:30Z", "2024-10-05T00:00:30Z"]),
            ("America/Havana", ["2024-03-09T20:00:30Z", "2024-11-02T20:00:30Z"]),
            ("Asia/Kolkata", ["2024-05-01T00:00:30Z"]),
            ("Asia/Beirut", ["2024-03-30T12:00:30Z", "2024-10-26T12:00:30Z"]),
        ]
        for (zone, starts) in turns {
            for start in starts {
                for _ in 0..<12 {
                    let text = "\(field(0...59)) \(pick(["*", "*/2", "0", "1", "2", "0-3", "23", "1,2", "*"])) * * *"
                    cases.append((zone, try #require(Timestamp(start)).seconds, text))
                }
            }
        }
        let lines = cases.map { "\($0.zone)\t\($0.start)\t\($0.text)" }.joined(separator: "\n")
        try await withTemporaryFolder { folder in
            let input = folder.appending(path: "cases")
            try Data(lines.utf8).write(to: input)
            let script = Checkout.root.appending(path: "Tests/Independent/operations/cron_oracle.py").path
            let (status, output) = try await runCommand(
                "/bin/sh", ["-c", "exec '\(Checkout.python!.path)' '\(script)' < '\(input.path)'"])
            try #require(status == 0, "\(output)")
            let expected = try JSONDecoder().decode([[Int64]].self, from: Data(output.utf8))
            #expect(expected.count == cases.count && expected.allSatisfy { $0.count == 8 })
            for (known, times) in zip(cases, expected) {
                let expression = try CronExpression(known.text, timeZone: known.zone)
                var time = Timestamp(seconds: known.start)
                let found = times.map { _ -> Int64 in
                    time = expression.next(after: time)
                    return time.seconds
                }
                #expect(found == times, "\(known)")
            }
        }
    }
}
