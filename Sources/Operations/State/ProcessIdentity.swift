internal import Foundation

/// Which process this is, so that another can tell whether it is still there.
///
/// A process number comes again, after a restart of the machine at once: the boot and the start time tell two of them
/// apart. Numbers of another boot, or of another namespace of processes as containers have, say nothing here.
struct ProcessIdentity: Equatable, Sendable {
    var host: String
    /// The machine's boot, a random text of Linux.
    var boot: String
    /// The namespace in which ``number`` counts.
    var processes: String
    var number: Int64
    /// When it started, in ticks since the boot.
    var started: Int64

    /// This process.
    static let current = ProcessIdentity(
        host: ProcessInfo.processInfo.hostName,
        boot: text("/proc/sys/kernel/random/boot_id"),
        processes: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? "",
        number: Int64(getpid()), started: start(of: Int64(getpid()))?.started ?? 0)

    /// Whether it runs; nil if that cannot be seen from here.
    var isAlive: Bool? {
        let here = Self.current
        guard !boot.isEmpty, !processes.isEmpty else { return nil }
        // A machine that was started again has nothing of before; another machine has another boot, too.
        guard boot == here.boot else { return host == here.host ? false : nil }
        guard processes == here.processes else { return nil }
        guard let found = Self.start(of: number) else { return false }
        return found.started == started && !found.isZombie
    }

    /// All of it as one text that ``init(text:)`` reads.
    var text: String { [host, boot, processes, "\(number)", "\(started)"].joined(separator: "\n") }

    private static func start(of process: Int64) -> (started: Int64, isZombie: Bool)? {
        // The name in parentheses may hold blanks and parentheses; behind it stand plain fields, the state first.
        let status = text("/proc/\(process)/stat")
        guard let end = status.lastIndex(of: ")") else { return nil }
        let fields = status[status.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let started = Int64(fields[19]) else { return nil }
        return (started, ["Z", "X", "x"].contains(fields[0]))
    }

    private static func text(_ path: String) -> String {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension ProcessIdentity {
    /// Nil for what ``text`` did not write.
    init?(text: String) {
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, let number = Int64(parts[3]), let started = Int64(parts[4]) else { return nil }
        self.init(host: parts[0], boot: parts[1], processes: parts[2], number: number, started: started)
    }
}
