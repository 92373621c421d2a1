import Foundation

/// How much memory this process takes.
package enum ResidentMemory {
    /// The resident size now, in bytes; 0 where the system does not say.
    package static var now: Int {
        // The second number of this file counts pages (proc(5)).
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The largest resident size so far, in bytes.
    package static func peakBytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) * 1024
    }
}
