internal import Domain
internal import Foundation

/// The few file operations that publishing needs, each durable when it returns.
enum Files {
    /// Writes what `body` hands out, one piece after another, into a file, in place of what was there.
    static func write(
        to path: String, _ body: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        try writing {
            let file = try AtomicFile(path: path)
            try body { try file.write($0) }
            try file.finish()
        }
    }

    static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try write(to: path) { try bytes.withUnsafeBytes($0) }
    }

    /// Appends one line in a single write and flushes it.
    static func appendLine(_ line: String, to path: String) throws {
        let url = URL(filePath: path)
        try writing {
            try LocalStorage(url.deletingLastPathComponent().path).append(
                url.lastPathComponent, Array("\(line)\n".utf8))
        }
    }

    /// Runs work on files of a storage; what fails is told as this room tells it.
    /// - Throws: ``TrainerError/cannotWrite(path:reason:)``
    static func writing<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch StorageError.io(let path, _, let number) {
            throw TrainerError.cannotWrite(path: path, reason: SystemError(number).clause)
        }
    }

    static func createFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause)
        }
    }

    /// A file mapped into memory.
    /// - Throws: ``TrainerError/cannotRead(path:reason:)``
    static func map(_ path: String) throws -> MappedFile {
        do {
            return try MappedFile(path: path)
        } catch StorageError.missing(let path) {
            throw TrainerError.cannotRead(path: path, reason: SystemError(ENOENT).clause)
        } catch StorageError.io(let path, _, let number) {
            let reason = number == EISDIR ? "it is not a regular file" : SystemError(number).clause
            throw TrainerError.cannotRead(path: path, reason: reason)
        }
    }

    /// The whole file as bytes.
    static func read(_ path: String) throws -> [UInt8] {
        try Files.map(path).withBytes { [UInt8]($0) }
    }
}
