import Foundation

/// Runs a program to its end without holding a thread of the cooperative pool, and returns what it printed.
///
/// Not Foundation's `Process`: it watches a descriptor that a server left behind by a script keeps open, and so would
/// wait for the server. For the same reason the output goes through a file and not a pipe.
func runCommand(_ path: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "marquee-command-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, file.path, O_CREAT | O_WRONLY, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    let environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + environment { free(word) } }
    var pid: pid_t = 0
    let result = posix_spawn(&pid, path, &actions, nil, &words, environment)
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .ENOENT) }

    let status = await withCheckedContinuation { continuation in
        Thread { [pid] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            // The exit status, or 128 and the signal, as a shell has it.
            continuation.resume(returning: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
        }.start()
    }
    return (status, try String(contentsOf: file, encoding: .utf8))
}
