import Dispatch
import Glibc
import Synchronization

/// Threads that share a list of work units, claimed one at a time from an atomic counter: the split stays even when
/// units differ in cost.
///
/// Blocks the calling thread, which takes part in the work: never call it on the cooperative pool.
public struct Workers: Sendable {
    public let count: Int

    /// As many workers as the machine has cores if `count` is nil or below 1.
    public init(count: Int? = nil) {
        if let count, count >= 1 { self.count = count } else { self.count = Self.cores }
    }

    /// Cores of this machine that are on line.
    public static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Calls `body(worker, unit)` once for each unit in `0..<units`; each worker number in `0..<count` is in use by one
    /// thread at a time. After an error no new unit starts.
    /// - Throws: the error of the lowest unit that failed.
    public func run<E: Error>(units: Int, _ body: @Sendable (_ worker: Int, _ unit: Int) throws(E) -> Void) throws(E) {
        let next = Atomic<Int>(0)
        let failure = Mutex<(unit: Int, error: E)?>(nil)
        withoutActuallyEscaping(body) { body in
            DispatchQueue.concurrentPerform(iterations: min(count, max(units, 1))) { worker in
                while true {
                    let unit = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard unit < units else { return }
                    do throws(E) {
                        try body(worker, unit)
                    } catch {
                        failure.withLock { if $0 == nil || unit < $0!.unit { $0 = (unit, error) } }
                        next.store(units, ordering: .relaxed)
                    }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure.error }
    }

    /// What `body` makes of each of `0..<count`, in that order.
    /// - Throws: the error of the lowest number that failed.
    public func map<R: Sendable, E: Error>(
        _ count: Int, _ body: @Sendable (_ number: Int) throws(E) -> R
    ) throws(E) -> [R] {
        let found = Mutex([R?](repeating: nil, count: count))
        try run(units: count) { (_, number) throws(E) in
            let result = try body(number)
            found.withLock { $0[number] = result }
        }
        return found.withLock { $0.compactMap { $0 } }
    }
}
