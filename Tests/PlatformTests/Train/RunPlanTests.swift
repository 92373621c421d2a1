import Domain
import Foundation
import Operations
import Testing

@testable import Platform

/// When a job runs, as a script: no clock is read.
@Suite("When a job runs")
struct RunPlanTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    private func plan(_ clock: RunTiming.Clock?, _ change: (inout RunTiming) -> Void = { _ in }) -> RunPlan {
        var timing = RunTiming(clock)
        change(&timing)
        return RunPlan(job: "j", timing: timing)
    }

    /// Looks every `step` seconds, and returns when it ran, counted from the start.
    private func walk(
        _ plan: RunPlan, _ memory: inout JobMemory, from: Double, to: Double, step: Double, fails: Bool = false
    ) -> [Double] {
        var runs: [Double] = []
        for second in stride(from: from, to: to, by: step) {
            let now = start.advanced(bySeconds: second)
            memory = plan.corrected(memory, at: now)
            guard plan.cause(memory, at: now, startedAt: start) != nil else { continue }
            runs.append(second)
            memory.handledAt = now
            if fails { memory = plan.failed(memory, at: now) } else { (memory.failures, memory.retryAt) = (0, nil) }
        }
        return runs
    }

    @Test("an interval begins at once and counts from the start of a run")
    func interval() {
        var memory = JobMemory()
        #expect(walk(plan(.every(.seconds(100))), &memory, from: 0, to: 350, step: 10) == [0, 100, 200, 300])
    }

    @Test("a cron job waits for its first time, and its times do not depend on when it looks")
    func cron() throws {
        // 08:00:00 UTC.
        var memory = JobMemory()
        let plan = plan(.cron(try CronExpression("*/5 * * * *")))
        #expect(walk(plan, &memory, from: 0, to: 901, step: 7).map { ($0 / 60).rounded(.down) } == [5, 10])
        #expect(plan.next(memory, at: start.advanced(bySeconds: 899)) == start.advanced(bySeconds: 900))
    }

    @Test("what was missed is caught up once")
    func missed() throws {
        for clock in [RunTiming.Clock.every(.seconds(60)), .cron(try CronExpression("* * * * *"))] {
            var memory = JobMemory()
            memory.handledAt = start.advanced(bySeconds: -86_400)
            let plan = plan(clock)
            #expect(plan.cause(memory, at: start, startedAt: start) == .missed)
            #expect(walk(plan, &memory, from: 0, to: 59, step: 1) == [0])
            #expect(plan.cause(memory, at: start.advanced(bySeconds: 61), startedAt: start) == .schedule)
        }
    }

    @Test("a clock that is set forward brings one run, one that is set back brings none twice")
    func jumps() throws {
        var memory = JobMemory()
        let hourly = plan(.cron(try CronExpression("0 * * * *")))
        #expect(walk(hourly, &memory, from: 0, to: 3700, step: 60) == [3600])
        // Ten hours forward.
        #expect(walk(hourly, &memory, from: 39_700, to: 39_900, step: 60) == [39_700])
        // Back again: those hours are done.
        #expect(walk(hourly, &memory, from: 3700, to: 39_700, step: 60) == [])
        #expect(walk(hourly, &memory, from: 39_700, to: 43_300, step: 60) == [43_240])
        // A record of next year is wrong: counting begins now.
        memory.handledAt = start.advanced(bySeconds: 365 * 86_400)
        #expect(walk(hourly, &memory, from: 60, to: 7300, step: 60) == [3600, 7200])

        var other = JobMemory()
        let interval = plan(.every(.seconds(3600)))
        other.handledAt = start.advanced(bySeconds: 500_000)
        #expect(walk(interval, &other, from: 0, to: 7300, step: 100) == [3600, 7200])
        other.retryAt = start.advanced(bySeconds: 900_000)
        other = interval.corrected(other, at: start)
        #expect(other.retryAt == start.advanced(bySeconds: 3600))
    }

    @Test("failures are followed by growing pauses, an hour at most, and then the schedule goes on")
    func failures() {
        var memory = JobMemory()
        let plan = plan(.every(.seconds(86_400)))
        let runs = walk(plan, &memory, from: 0, to: 14_000, step: 1, fails: true)
        #expect(zip(runs, runs.dropFirst()).map { $1 - $0 } == [60, 120, 240, 480, 960, 1920, 3600, 3600])
        #expect(
            memory.failures == 9
                && plan.cause(memory, at: start.advanced(bySeconds: 20_000), startedAt: start) == .retry)
        let last = walk(plan, &memory, from: 16_000, to: 200_000, step: 1)
        #expect(last.count == 3 && last[1] - last[0] == 86_400 && memory.failures == 0)
        // One that ended without a word counts as one, and is under way no more.
        var cut = JobMemory()
        cut.running = "r"
        cut = plan.interrupted(cut, at: start)
        #expect(cut.running == nil && cut.failures == 1 && cut.retryAt == start)
        #expect(plan.interrupted(cut, at: start).retryAt == start.advanced(bySeconds: 120))
        // Also of a job that is due more often than that.
        var busy = JobMemory()
        #expect(walk(self.plan(.every(.seconds(1))), &busy, from: 0, to: 130, step: 1, fails: true) == [0, 60])
    }

    @Test("jitter moves each time by its own amount, the same whenever it is asked for")
    func jitter() {
        let plan = plan(.every(.seconds(1000))) { $0.jitter = .seconds(100) }
        var shifts: [Double] = []
        for round in 0..<50 {
            var memory = JobMemory()
            memory.handledAt = start.advanced(bySeconds: Double(round) * 1000)
            let next = plan.next(memory, at: start)
            #expect(next == plan.next(memory, at: start.advanced(bySeconds: 5)))
            shifts.append(Double(next!.microseconds - memory.handledAt!.microseconds) / 1e6 - 1000)
        }
        #expect(shifts.allSatisfy { (0..<100).contains($0) } && Set(shifts).count == 50)
        #expect(abs(shifts.reduce(0, +) / 50 - 50) < 20)
        var memory = JobMemory()
        memory.handledAt = start
        #expect(RunPlan(job: "other", timing: plan.timing).next(memory, at: start) != plan.next(memory, at: start))
    }

    @Test("new events, other weights and newer data start a run when they should")
    func triggers() {
        let byEvents = plan(nil) { $0.newEvents = 100 }
        var memory = JobMemory()
        (memory.rows, memory.version, memory.weights) = (1000, 7, 1)
        #expect(byEvents.cause(memory, table: "t", rows: 1099, version: 9, weights: 1) == nil)
        #expect(byEvents.cause(memory, table: "t", rows: 1100, version: 9, weights: 1) == .events)
        #expect(byEvents.cause(memory, table: "t", rows: 1000, version: 7, weights: 2) == .weights)
        #expect(byEvents.cause(JobMemory(), table: "t", rows: 99, version: 0, weights: 1) == nil)
        let open = plan(nil)
        #expect(open.cause(memory, table: "t", rows: 1000, version: 7, weights: 1) == nil)
        #expect(open.cause(memory, table: "t", rows: 1000, version: 8, weights: 1) == .data)
        var known = memory
        known.table = "t"
        #expect(open.cause(known, table: "t", rows: 1000, version: 7, weights: 1) == nil)
        // Another table in the same place.
        #expect(open.cause(known, table: "u", rows: 1000, version: 7, weights: 1) == .data)
        #expect(byEvents.cause(known, table: "u", rows: 10, version: 7, weights: 1) == .data)
        #expect(plan(.every(.seconds(9))).cause(memory, table: "t", rows: 5000, version: 8, weights: 1) == nil)
        #expect(byEvents.next(memory, at: start) == nil && byEvents.cause(memory, at: start, startedAt: start) == nil)
    }
}
