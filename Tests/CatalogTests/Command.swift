import Foundation

/// Runs a program to its end without holding a thread of the cooperative pool, and returns what it printed.
///
/// The output goes through a file: a server that a script leaves behind keeps a pipe open.
func runCommand(_ path: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    let file = FileManager.default.temporaryDirectory.appending(path: "marquee-command-\(UUID().uuidString)")
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardOutput = handle
    process.standardError = handle
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    try handle.close()
    return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
}
