import Foundation
import Synchronization

/// A program run as a child of the tests.
///
/// Not Foundation's `Process`: it watches a descriptor that a server left behind by a script keeps open, and so would
/// wait for the server; and it has crashed in `run()` where many threads start processes at once. Outputs go to files
/// and not through pipes, so nobody has to read while the child runs, and nothing else of this process is handed down.
final class ChildProcess: Sendable {
    let identifier: pid_t
    /// What `waitpid` gave, or nil while the child runs.
    private let status: Mutex<Int32?>

    /// How a child ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
    }

    /// Starts the program at `path`.
    /// - Parameters:
    ///   - output, errors: files for both outputs, which may be the same one.
    ///   - environment: the whole of it.
    /// - Throws: `POSIXError` if there is no such program, or no room for a process.
    init(
        _ path: String, _ arguments: [String], output: URL, errors: URL,
        environment: [String: String] = ProcessInfo.processInfo.environment, directory: URL? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors.path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        // Closing what is not open does no harm.
        for descriptor: Int32 in 3..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        // `env` becomes the program itself: Glibc's module shows no call that sets the folder of a child.
        let line = directory.map { ["/usr/bin/env", "-C", $0.path, path] + arguments } ?? [path] + arguments
        var words = line.map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + settings { free(word) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, line[0], &actions, nil, &words, &settings)
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .ENOENT) }
        identifier = child
        status = Mutex(nil)
        Thread { [self] in reap() }.start()
    }

    /// Waits for the end on a thread of its own. The child stays a zombie, and its number its own, until the lock is
    /// held: so ``signal(_:)`` never reaches a stranger.
    private func reap() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        status.withLock {
            var value: Int32 = 0
            while waitpid(identifier, &value, 0) < 0, errno == EINTR {}
            $0 = value
        }
    }

    /// Nil while the child runs.
    var end: End? {
        status.withLock { $0 }.map { $0 & 0x7F == 0 ? .exited($0 >> 8 & 0xFF) : .killed($0 & 0x7F) }
    }

    /// Sends a signal, if the child still runs.
    func signal(_ number: Int32) { status.withLock { if $0 == nil { _ = Glibc.kill(identifier, number) } } }

    /// Ends it at once, and returns when nothing of it answers any more: a signal alone leaves it a moment to live.
    func kill() {
        signal(SIGKILL)
        while end == nil { usleep(1000) }
    }

    /// Waits for the end without holding a thread of the cooperative pool.
    /// - Returns: nil if `deadline` passes before.
    func end(by deadline: ContinuousClock.Instant? = nil) async throws -> End? {
        while true {
            if let end { return end }
            if let deadline, ContinuousClock.now > deadline { return nil }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
