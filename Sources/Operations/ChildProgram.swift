internal import Domain
internal import Foundation

/// Another program, run to its end: its lines of output are handed on while it runs, its error output goes to a file.
///
/// It has a process group of its own, so that a Ctrl-C at the terminal reaches this process alone, which then ends the group
/// in good order: a program that starts others (as `spark-submit` does) leaves none behind.
public struct ChildProgram: Sendable {
    /// A path, or a name that is looked for in `PATH`.
    public var path: String
    public var arguments: [String]
    /// Beside this process' environment.
    public var environment: [String: String]
    /// The file for its error output, made or emptied.
    public var errors: String

    /// Says what to run; nothing is started yet.
    public init(_ path: String, _ arguments: [String], environment: [String: String] = [:], errors: String) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.errors = errors
    }

    /// How long it may take to end when it is asked to, in seconds, before it is killed.
    static let patience = 10.0

    /// Starts it and waits for its end. Blocks.
    /// - Parameters:
    ///   - onLine: given each line of its output.
    ///   - onBeat: called several times a second. What either throws ends the program (SIGTERM, then SIGKILL, to its whole
    ///     group), and is thrown on when it is gone.
    /// - Returns: its exit status, or 128 and the number of the signal that ended it.
    /// - Throws: ``OperationsError/cannotStart(program:reason:)``.
    public func run(onLine: (String) throws -> Void, onBeat: () throws -> Void = {}) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw OperationsError.cannotStart(program: path, reason: SystemError.last.clause)
        }
        defer { close(ends[0]) }
        // Programs that others start meanwhile must not keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: pid_t
        do {
            defer { close(ends[1]) }
            child = try start(output: ends[1])
        }
        do {
            try follow(ends[0], onLine, onBeat, isGone: { Self.isOver(child) })
        } catch {
            Self.end(child)
            throw error
        }
        // Its number is its own until it is reaped: nothing of its group outlives it.
        while !Self.isOver(child) {
            usleep(20_000)
            do { try onBeat() } catch {
                Self.end(child)
                throw error
            }
        }
        kill(-child, SIGKILL)
        return Self.reap(child)
    }

    private func start(output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        // Closing what is not open does no harm.
        for descriptor: Int32 in 3..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        posix_spawnattr_setpgroup(&attributes, 0)
        // What this process ignores or blocks is no business of the child.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var settings = all.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, path, &actions, &attributes, &words, &settings)
        guard result == 0 else {
            throw OperationsError.cannotStart(program: path, reason: SystemError(result).clause)
        }
        return child
    }

    /// Hands lines on until the output ends, or the program has and nothing more comes: something that it left behind may
    /// keep the pipe open.
    private func follow(
        _ output: Int32, _ onLine: (String) throws -> Void, _ onBeat: () throws -> Void, isGone: () -> Bool
    ) throws {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            try onBeat()
            let gone = isGone()
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, 200)
            guard ready > 0 else {
                if gone, ready == 0 { break }
                continue
            }
            let count = read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[0..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                try onLine(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
        }
        if !rest.isEmpty { try onLine(String(decoding: rest, as: UTF8.self)) }
    }

    /// Whether it has ended; it stays a zombie, and its number its own.
    private static func isOver(_ child: pid_t) -> Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT | WNOHANG) == 0 && information.si_signo != 0
    }

    private static func end(_ child: pid_t) {
        kill(-child, SIGTERM)
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(patience)
        while !isOver(child), clock.now < deadline { usleep(50_000) }
        // Whatever of its group is left, too.
        kill(-child, SIGKILL)
        _ = reap(child)
    }

    private static func reap(_ child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
