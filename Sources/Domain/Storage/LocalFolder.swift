internal import Glibc

/// The system calls on folders and descriptors that the local storage is made of.
enum LocalFolder {
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The names in a folder that are at least `start`, by their bytes; none if it does not exist.
    static func names(in path: String, from start: String = "") throws -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw StorageError.io(path: path, operation: "list", errno: errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    strcmp($0, start) < 0 ? "." : String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Microseconds since something was last made or removed in a folder; nil if it is not there.
    static func age(of path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
        return Timestamp.now.microseconds - modified
    }

    /// Nil if it is a folder, or if the file has gone since it was listed.
    static func entry(_ name: String, at path: String) throws -> StoredName? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw StorageError.io(path: path, operation: "look at", errno: errno)
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { return nil }
        let modified = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
        return StoredName(name: name, size: Int(status.st_size), modified: Timestamp(microseconds: modified))
    }

    /// Makes a folder and those above it, durably.
    static func make(_ path: String) throws {
        if isFolder(path) { return }
        let above = parent(of: path)
        if above != path { try make(above) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw StorageError.io(path: path, operation: "create", errno: errno)
        }
        try sync(above)
    }

    /// Makes the names in a folder durable.
    static func sync(_ path: String) throws { try sync(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }

    /// Makes the content of a file durable.
    static func syncFile(_ path: String) throws { try sync(path, O_RDONLY | O_CLOEXEC) }

    private static func sync(_ path: String, _ flags: Int32) throws {
        let descriptor = Glibc.open(path, flags)
        guard descriptor >= 0 else { throw StorageError.io(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StorageError.io(path: path, operation: "sync", errno: errno) }
    }

    /// Opens a file for writing, and makes it and the folders above it if they are not there.
    static func openOrCreate(_ path: String, _ flags: Int32) throws -> Int32 {
        var descriptor = Glibc.open(path, flags | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == ENOENT {
            try make(parent(of: path))
            descriptor = Glibc.open(path, flags | O_CREAT | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else { throw StorageError.io(path: path, operation: "open", errno: errno) }
        return descriptor
    }

    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
        var done = 0
        while done < bytes.count {
            let wrote = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if wrote < 0, errno == EINTR { continue }
            guard wrote >= 0 else { throw StorageError.io(path: path, operation: "write", errno: errno) }
            done += wrote
        }
    }

    /// Waits for the lock of an open file or folder.
    static func lock(_ descriptor: Int32, path: String) throws {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw StorageError.io(path: path, operation: "lock", errno: errno) }
        }
    }

    /// Removes a folder and what is in it, as far as that is possible.
    static func remove(_ path: String) {
        for name in (try? names(in: path)) ?? [] {
            let inner = "\(path)/\(name)"
            // A link is removed, not followed.
            if unlink(inner) != 0, errno == EISDIR || errno == EPERM { remove(inner) }
        }
        rmdir(path)
    }

    /// A name that nobody else makes: 128 random bits.
    static func uniqueName(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let bits = (generator.next(), generator.next())
        return prefix + String(bits.0, radix: 16) + "-" + String(bits.1, radix: 16)
    }
}
