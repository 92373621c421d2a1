import Operations
import Synchronization
import Testing

/// Notes what happens to services, in order.
private final class Diary: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

private struct Failure: Error, Equatable {}

/// Waits until cancelled, then does `cleanUp` turns of other work before it returns.
private struct Waiter: Service {
    let name: String
    let diary: Diary
    var started: @Sendable () -> Void = {}

    func run() async throws {
        started()
        let (stream, sink) = AsyncStream.makeStream(of: Void.self)
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            diary.note("asked \(name)")
            sink.finish()
        }
        for _ in 0..<50 { await Task.yield() }
        diary.note("stopped \(name)")
    }
}

private struct Job: Service {
    let name = "job"
    let error: Failure?
    func run() async throws {
        if let error { throw error }
    }
}

@Suite struct ServiceGroupTests {
    let reverse = [
        "asked c", "stopped c", "asked b", "stopped b", "asked a", "stopped a",
    ]

    @Test func cancellationStopsInReverseOrderOneAfterTheOther() async throws {
        let diary = Diary()
        var group = ServiceGroup()
        let (ready, sink) = AsyncStream.makeStream(of: Void.self)
        for name in ["a", "b", "c"] {
            group.add(Waiter(name: name, diary: diary, started: { sink.yield() }))
        }
        let task = Task { [group] in try await group.run() }
        var count = 0
        for await _ in ready {
            count += 1
            if count == 3 { break }
        }
        task.cancel()
        #expect(try await task.value == .stopped)
        #expect(diary.all == reverse)
    }

    @Test func aFailureStopsTheOthersAndIsThrown() async throws {
        let diary = Diary()
        var group = ServiceGroup()
        for name in ["a", "b", "c"] { group.add(Waiter(name: name, diary: diary)) }
        group.add(Job(error: Failure()))
        await #expect(throws: Failure.self) { try await group.run() }
        #expect(diary.all == reverse)
    }

    @Test func aFinishedServiceStopsTheOthers() async throws {
        let diary = Diary()
        var group = ServiceGroup()
        group.add(Waiter(name: "a", diary: diary))
        group.add(Job(error: nil))
        #expect(try await group.run() == .finished)
        #expect(diary.all == ["asked a", "stopped a"])
    }

    @Test func anEmptyGroupIsDone() async throws {
        #expect(try await ServiceGroup().run() == .finished)
    }
}
