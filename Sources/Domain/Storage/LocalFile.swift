internal import Glibc

/// A file of a local disk, opened for reading.
///
/// Sendable: the descriptor never changes and `pread` keeps no position.
public final class LocalFile: StoredObject {
    private let descriptor: Int32
    private let path: String
    public let size: Int

    /// - Throws: ``StorageError/missing(path:)``; ``StorageError/io(path:operation:errno:)``, also for a folder.
    public init(path: String) throws {
        self.path = path
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw StorageError.missing(path: path) }
            throw StorageError.io(path: path, operation: "open", errno: errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = StorageError.io(path: path, operation: "look at", errno: errno)
            close(descriptor)
            throw error
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw StorageError.io(path: path, operation: "read", errno: EISDIR)
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    public func read(_ range: Range<Int>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw StorageError.truncated(
                path: path, reason: "bytes \(range.lowerBound) to \(range.upperBound) pass its size of \(size)")
        }
        return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
            while initialized < range.count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + initialized }, range.count - initialized,
                    off_t(range.lowerBound + initialized))
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw StorageError.io(path: path, operation: "read", errno: errno) }
                guard got > 0 else {
                    throw StorageError.truncated(path: path, reason: "it was cut short while it was read")
                }
                initialized += got
            }
        }
    }
}

/// A new file of a local disk being written.
public final class LocalWriter: StorageWriter {
    private var descriptor: Int32
    private let path: String

    /// Makes the file, and the folders above it.
    /// - Throws: ``StorageError/io(path:operation:errno:)``, also if the file exists already.
    public init(path: String) throws {
        self.path = path
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == ENOENT {
            try LocalFolder.make(LocalFolder.parent(of: path))
            descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else { throw StorageError.io(path: path, operation: "create", errno: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    public func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try LocalFolder.write($0, to: descriptor, path: path) }
    }

    public func finish() throws {
        try finishFile()
        try LocalFolder.sync(LocalFolder.parent(of: path))
    }

    /// Makes the content durable, but not yet the name.
    func finishFile() throws {
        guard fsync(descriptor) == 0 else { throw StorageError.io(path: path, operation: "sync", errno: errno) }
        let status = close(descriptor)
        descriptor = -1
        guard status == 0 else { throw StorageError.io(path: path, operation: "close", errno: errno) }
    }

    public func abandon() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        unlink(path)
    }
}
