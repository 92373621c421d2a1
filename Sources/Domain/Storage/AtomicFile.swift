internal import Glibc

/// A file that takes its name when it is finished, whole and durable, in place of what had the name before.
///
///     try AtomicFile.write(bytes, to: "report.html")
///
/// Whoever reads sees the old file or the new one, after any crash. An unfinished file goes away with its writer. Where
/// the name belongs to a device, a pipe or a terminal (`/dev/stdout`) there is nothing to replace: what is written goes
/// there at once. A link stays, and the file it leads to is replaced. For one thread.
public final class AtomicFile: StorageWriter {
    /// As it was asked for, for messages.
    public let path: String
    /// Bytes written so far.
    public private(set) var count = 0
    private let target: String
    /// Nil where the name is written to in place.
    private let temporary: String?
    private var descriptor: Int32

    /// Begins the file beside the place it will have.
    /// - Parameters:
    ///   - makesFolders: whether folders that are missing above it are made.
    ///   - isPrivate: whether nobody but its owner may read it, whoever could read what it replaces.
    /// - Throws: ``StorageError/io(path:operation:errno:)``
    public init(path: String, makesFolders: Bool = false, isPrivate: Bool = false) throws {
        self.path = path
        var status = stat()
        let exists = stat(path, &status) == 0
        let kind = status.st_mode & S_IFMT
        if exists, kind == S_IFDIR { throw StorageError.io(path: path, operation: "replace", errno: EISDIR) }
        if exists, kind != S_IFREG {
            (target, temporary) = (path, nil)
            descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
        } else {
            target = exists ? Self.resolved(path) : path
            let name = "\(LocalFolder.parent(of: target))/\(LocalFolder.uniqueName(".tmp-"))"
            temporary = name
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
            let mode: mode_t = isPrivate ? 0o600 : 0o644
            descriptor = Glibc.open(name, flags, mode)
            if descriptor < 0, errno == ENOENT, makesFolders {
                try LocalFolder.make(LocalFolder.parent(of: target))
                descriptor = Glibc.open(name, flags, mode)
            }
            if descriptor >= 0, exists, !isPrivate { fchmod(descriptor, status.st_mode & 0o7777) }
        }
        guard descriptor >= 0 else { throw StorageError.io(path: path, operation: "create", errno: errno) }
    }

    deinit { abandon() }

    /// Writes a whole file.
    /// - Throws: ``StorageError/io(path:operation:errno:)``; then what was there before still is.
    public static func write(_ bytes: [UInt8], to path: String, makesFolders: Bool = false) throws {
        let file = try AtomicFile(path: path, makesFolders: makesFolders)
        try file.write(bytes)
        try file.finish()
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        try LocalFolder.write(bytes, to: descriptor, path: path)
        count += bytes.count
    }

    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

    public func finish() throws {
        guard let temporary else { return shut() }
        guard fsync(descriptor) == 0 else { throw StorageError.io(path: path, operation: "sync", errno: errno) }
        guard rename(temporary, target) == 0 else {
            throw StorageError.io(path: path, operation: "replace", errno: errno)
        }
        shut()
        try LocalFolder.sync(LocalFolder.parent(of: target))
    }

    /// Removes what was written, unless it has its name already.
    public func abandon() {
        guard descriptor >= 0 else { return }
        shut()
        if let temporary { unlink(temporary) }
    }

    private func shut() {
        close(descriptor)
        descriptor = -1
    }

    /// The file that a link leads to.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
