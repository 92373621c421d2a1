import Dispatch
import Domain
import Foundation
import Synchronization
import Testing

struct SystemThreadTests {
    @Test func aThreadHasItsNameAndPriorityAndHandsThePriorityOn() {
        let done = DispatchSemaphore(value: 0)
        let seen = Mutex<[String]>([])
        let here = niceness()
        SystemThread.start("a-name-that-is-too-long", priority: .low) {
            let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
            let own = niceness()
            seen.withLock { $0.append(name.trimmingCharacters(in: .newlines)) }
            SystemThread.start("inner") {
                let inner = niceness()
                seen.withLock { $0.append("\(own - here) \(inner - here)") }
                done.signal()
            }
        }
        done.wait()
        #expect(seen.withLock { $0 } == ["a-name-that-is-", "5 5"])
        #expect(niceness() == here)
    }

    @Test(arguments: [0, 1, 2, 7]) func workIsDoneSoManyTimesBeforePerformReturns(times: Int) {
        let count = Atomic(0)
        SystemThread.perform("count", times: times) { count.wrappingAdd(1, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == times)
    }

    /// Of this thread.
    private func niceness() -> Int32 { getpriority(.init(PRIO_PROCESS.rawValue), 0) }
}
