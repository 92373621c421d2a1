import Foundation

/// How much memory this process takes.
package enum ResidentMemory {
    /// The largest resident size so far, in bytes.
    package static func peakBytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) * 1024
    }
}
