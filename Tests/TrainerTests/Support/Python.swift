import Foundation
import TestSupport

/// Runs a script of `Tests/Independent/models` and returns what it prints.
func python(_ script: String, _ arguments: [String] = [], input: Data? = nil) throws -> Data {
    let process = Process()
    process.executableURL = Checkout.python
    process.arguments = [Checkout.root.appending(path: "Tests/Independent/models/\(script)").path] + arguments
    let output = Pipe()
    process.standardOutput = output
    // A file rather than a pipe: both directions through pipes could wait for each other.
    if let input {
        let file = FileManager.default.temporaryDirectory.appending(path: "marquee-input-\(UUID().uuidString)")
        try input.write(to: file)
        process.standardInput = try FileHandle(forReadingFrom: file)
        try FileManager.default.removeItem(at: file)
    }
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PythonFailed(script: script, status: process.terminationStatus) }
    return data
}

struct PythonFailed: Error {
    var script: String
    var status: Int32
}
