import Domain
import Foundation

/// A file the user asked for, such as a report.
enum ResultFile {
    /// - Throws: ``Failure`` if it cannot be written there.
    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure(path: path)
        }
    }

    struct Failure: Fault {
        let path: String
        var code: String { "cannot-write" }
        var message: String { "Cannot write '\(path)'." }
        var advice: String { "Check that its folder exists, and the permissions and free space there." }
        var category: FaultCategory { .usage }
    }
}
