import Foundation
import Glibc

/// Wall-clock and processor time, and the peak memory of this process.
enum Clock {
    static var wall: Double { seconds(CLOCK_MONOTONIC) }
    /// Of all threads of the process.
    static var cpu: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Of the calling thread: what one-thread figures are made of, so that neighbours on the core do not count.
    static var thread: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

    static var peakBytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    /// The median processor time of `body` on this thread.
    static func median(_ repetitions: Int, _ body: () throws -> Void) rethrows -> Double {
        var times: [Double] = []
        for _ in 0..<repetitions {
            let start = thread
            try body()
            times.append(thread - start)
        }
        return times.sorted()[repetitions / 2]
    }
}

extension Clock {
    /// The processor time of `body` on this thread.
    static func timed(_ body: () -> Void) -> Double {
        let start = thread
        body()
        return thread - start
    }

    static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

    static func mean(_ times: [Double]) -> Double { times.reduce(0, +) / Double(times.count) }
}

/// Prints one JSON object on a line.
func report(_ values: [String: Any]) {
    guard let data = try? JSONSerialization.data(withJSONObject: values, options: [.sortedKeys]) else { return }
    print(String(decoding: data, as: UTF8.self))
}
