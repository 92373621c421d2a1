internal import Domain
internal import Foundation

/// The few file operations that publishing needs, each durable when it returns.
enum Files {
    /// Writes `parts` one after another into a new file and flushes it to the device.
    static func write(_ parts: [UnsafeRawBufferPointer], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause) }
        defer { close(descriptor) }
        for part in parts { try writeAll(part, to: descriptor, path: path) }
        guard fsync(descriptor) == 0 else {
            throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause)
        }
    }

    static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try bytes.withUnsafeBytes { buffer in try write([buffer], to: path) }
    }

    /// Appends one line in a single write and flushes it.
    static func appendLine(_ line: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause) }
        defer { close(descriptor) }
        let bytes = Array("\(line)\n".utf8)
        try bytes.withUnsafeBytes { buffer in
            try writeAll(buffer, to: descriptor, path: path)
        }
        guard fsync(descriptor) == 0 else {
            throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause)
        }
    }

    /// Makes renames and new entries of a folder durable.
    static func flush(folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TrainerError.cannotWrite(path: folder, reason: SystemError.last.clause) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw TrainerError.cannotWrite(path: folder, reason: SystemError.last.clause)
        }
    }

    static func flushFolder(containing path: String) throws {
        let parent = (path as NSString).deletingLastPathComponent
        try flush(folder: parent.isEmpty ? "." : parent)
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

    /// A new file written piece by piece; it appears under its name only when it is complete.
    final class Output {
        private let path: String
        private let temporary: String
        private let descriptor: Int32
        private(set) var position = 0

        init(path: String) throws {
            self.path = path
            temporary = "\(path).\(getpid()).new"
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause) }
        }

        /// An unfinished file goes away.
        deinit {
            close(descriptor)
            unlink(temporary)
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws {
            try Files.writeAll(bytes, to: descriptor, path: path)
            position += bytes.count
        }

        func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

        func finish() throws {
            guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
                throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause)
            }
            try Files.flushFolder(containing: path)
        }
    }

    private static func writeAll(
        _ buffer: UnsafeRawBufferPointer, to descriptor: Int32, path: String
    ) throws {
        var rest = buffer
        while let start = rest.baseAddress, !rest.isEmpty {
            let written = Foundation.write(descriptor, start, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
