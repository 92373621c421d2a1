import Domain

/// A file the user asked for, such as a report; `/dev/stdout` and pipes too.
enum ResultFile {
    /// - Throws: ``Failure`` if it cannot be written there.
    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try AtomicFile.write(bytes, to: path)
        } catch StorageError.io(_, _, let number) {
            throw Failure(path: path, reason: SystemError(number).clause)
        }
    }

    /// Begins a file that is written piece by piece and that nobody but its owner may read.
    /// - Throws: ``Failure`` if it cannot be written there.
    static func begin(privately path: String) throws -> AtomicFile {
        do {
            return try AtomicFile(path: path, isPrivate: true)
        } catch StorageError.io(_, _, let number) {
            throw Failure(path: path, reason: SystemError(number).clause)
        }
    }

    /// Whether a file could be written there, asked before long work. What is there stays.
    /// - Throws: ``Failure``
    static func check(_ path: String) throws {
        do {
            _ = try AtomicFile(path: path)
        } catch StorageError.io(_, _, let number) {
            throw Failure(path: path, reason: SystemError(number).clause)
        }
    }

    struct Failure: Fault {
        let path: String
        let reason: String
        var code: String { "cannot-write" }
        var message: String { "Cannot write '\(path)': \(reason)." }
        var advice: String { "Check that its folder exists, and the permissions and free space there." }
        var category: FaultCategory { .usage }
    }
}
