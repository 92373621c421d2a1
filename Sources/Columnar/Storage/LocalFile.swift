import Foundation

/// A file opened for reading.
///
/// Sendable: the descriptor never changes and `pread` keeps no position.
final class LocalFile: StoredObject {
    private let descriptor: Int32
    private let path: String
    let size: Int

    init(path: String) throws {
        self.path = path
        descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw ColumnarError.missingFile(path: path) }
            throw ColumnarError.io(path: path, operation: "open", errno: errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = ColumnarError.io(path: path, operation: "look at", errno: errno)
            close(descriptor)
            throw error
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ColumnarError.io(path: path, operation: "read", errno: EISDIR)
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    func read(_ range: Range<Int>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw ColumnarError.malformed(
                file: path, reason: "bytes \(range.lowerBound) to \(range.upperBound) pass its size of \(size)")
        }
        return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
            while initialized < range.count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + initialized }, range.count - initialized,
                    off_t(range.lowerBound + initialized))
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw ColumnarError.io(path: path, operation: "read", errno: errno) }
                guard got > 0 else {
                    throw ColumnarError.malformed(file: path, reason: "it was cut short while it was read")
                }
                initialized += got
            }
        }
    }
}

/// A new file being written.
final class LocalWriter: StorageWriter {
    private var descriptor: Int32
    private let path: String

    /// - Throws: if the file exists already.
    init(path: String) throws {
        self.path = path
        descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == ENOENT {
            try LocalFolder.make(LocalFolder.parent(of: path))
            descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else { throw ColumnarError.io(path: path, operation: "create", errno: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let wrote = Foundation.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if wrote < 0, errno == EINTR { continue }
                guard wrote >= 0 else { throw ColumnarError.io(path: path, operation: "write", errno: errno) }
                done += wrote
            }
        }
    }

    func finish() throws {
        try finishFile()
        try LocalFolder.sync(LocalFolder.parent(of: path))
    }

    /// Makes the content durable, but not yet the name.
    func finishFile() throws {
        guard fsync(descriptor) == 0 else { throw ColumnarError.io(path: path, operation: "sync", errno: errno) }
        let status = close(descriptor)
        descriptor = -1
        guard status == 0 else { throw ColumnarError.io(path: path, operation: "close", errno: errno) }
    }

    func abandon() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(path)
    }
}
