import Foundation

/// How much memory this process can still have without being killed for it.
package enum AvailableMemory {
    /// The smallest of what Linux calls available (`MemAvailable`) and of what the control groups around this process leave.
    /// Nil where neither says anything.
    package static func bytes() -> Int? {
        [machine(of: contents("/proc/meminfo")), controlGroups()].compactMap { $0 }.min()
    }

    /// `MemAvailable` of `/proc/meminfo`.
    static func machine(of text: String?) -> Int? {
        guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }) else {
            return nil
        }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// What the group of this process and those above it leave: limit − usage + file pages that can go at once.
    private static func controlGroups() -> Int? {
        guard let lines = contents("/proc/self/cgroup")?.split(separator: "\n") else { return nil }
        var result: Int?
        for line in lines {
            // number:controllers:path; the second version has no controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { continue }
            let isSecond = fields[1].isEmpty
            guard isSecond || fields[1].split(separator: ",").contains("memory") else { continue }
            let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            // Inside a container the path can be one of outside; then only the root of the mount is there.
            var path = fields[2]
            while true {
                if let left = left(in: root + (path == "/" ? "" : path), isSecond) {
                    result = min(result ?? left, left)
                }
                guard path != "/", !path.isEmpty else { break }
                path = (path as NSString).deletingLastPathComponent
            }
        }
        return result
    }

    private static func left(in folder: String, _ isSecond: Bool) -> Int? {
        func number(_ name: String) -> Int? {
            contents("\(folder)/\(name)").flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        // Without a limit the file says `max`, or in the first version a number past any memory.
        guard let limit = number(isSecond ? "memory.max" : "memory.limit_in_bytes"), limit < 1 << 60,
            let usage = number(isSecond ? "memory.current" : "memory.usage_in_bytes")
        else { return nil }
        let key = isSecond ? "inactive_file " : "total_inactive_file "
        let idle =
            contents("\(folder)/memory.stat")?.split(separator: "\n").first { $0.hasPrefix(key) }
            .flatMap { Int($0.dropFirst(key.count)) } ?? 0
        return max(0, limit - usage + idle)
    }

    private static func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
