import Operations
import Synchronization
import Testing

struct BlockingQueueTests {
    @Test func workTakesTurnsInTheOrderInWhichItWasHandedOver() async throws {
        let queue = BlockingQueue("turns")
        let order = Mutex<[Int]>([])
        let atWork = Atomic(0)
        let together = Atomic(0)
        for number in 0..<200 {
            queue.add {
                if atWork.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue > 0 {
                    together.wrappingAdd(1, ordering: .relaxed)
                }
                order.withLock { $0.append(number) }
                atWork.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            }
        }
        try await BlockingWork.run("drain") { _ in queue.drain() }
        #expect(order.withLock { $0 } == Array(0..<200))
        #expect(together.load(ordering: .relaxed) == 0)
        // A queue that has rested works again.
        #expect(try await queue.run { 7 } == 7)
    }

    @Test func whatWorkThrowsReachesTheOneWhoWaits() async {
        struct Trouble: Error {}
        await #expect(throws: Trouble.self) { try await BlockingQueue("throws").run { throw Trouble() } }
    }

    @Test func aThreadCanWaitForATask() async throws {
        let value = try await BlockingWork.run("wait") { _ in
            try BlockingWork.wait {
                await Task.yield()
                return 7
            }
        }
        #expect(value == 7)
    }
}
