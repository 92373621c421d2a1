internal import Glibc

/// A folder on a local disk.
///
/// It stands beside the protocol because it needs nothing but the C library, and because every room that keeps files
/// takes it where no other place is configured.
///
/// Commit rule: write a temporary name, fsync it, `link()` it to the final name (which fails if that exists, unlike
/// `rename`), fsync the folder. Readers never see half a file.
public struct LocalStorage: Storage {
    public let location: String

    /// Names a folder; nothing is read or made yet. A `/` at the end is dropped.
    public init(_ folder: String) {
        location = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    }

    public func folder(_ name: String) -> any Storage { LocalStorage(path(of: name)) }

    public func exists() throws -> Bool { LocalFolder.isFolder(location) }

    // MARK: Reading

    public func open(_ name: String) throws -> any StoredObject { try LocalFile(path: path(of: name)) }

    public func status(_ name: String) throws -> StoredName? { try LocalFolder.entry(name, at: path(of: name)) }

    public func list(_ folder: String, from start: String) throws -> [StoredName] {
        let path = folder.isEmpty ? location : path(of: folder)
        var names = try LocalFolder.names(in: path, from: start)
        names.sort()
        return try names.compactMap { try LocalFolder.entry($0, at: "\(path)/\($0)") }
    }

    public func listFolders(_ folder: String) throws -> [String] {
        let path = folder.isEmpty ? location : path(of: folder)
        return try LocalFolder.names(in: path).filter { LocalFolder.isFolder("\(path)/\($0)") }.sorted()
    }

    public func listData() throws -> [StoredName] {
        var result: [StoredName] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let path = folder.isEmpty ? location : path(of: folder)
            for name in try LocalFolder.names(in: path) where !name.hasPrefix("_") && !name.hasPrefix(".") {
                let relative = folder.isEmpty ? name : "\(folder)/\(name)"
                if LocalFolder.isFolder("\(path)/\(name)") {
                    folders.append(relative)
                } else if let entry = try LocalFolder.entry(relative, at: "\(path)/\(name)") {
                    result.append(entry)
                }
            }
        }
        return result
    }

    public func localPath(_ name: String) throws -> String {
        let path = path(of: name)
        guard try LocalFolder.entry(name, at: path) != nil else { throw StorageError.missing(path: path) }
        return path
    }

    // MARK: Writing

    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        let final = path(of: name)
        let temporary = try writeTemporary(for: final, bytes)
        defer { unlink(temporary) }
        guard link(temporary, final) == 0 else {
            if errno == EEXIST { return false }
            throw StorageError.io(path: final, operation: "create", errno: errno)
        }
        try LocalFolder.sync(LocalFolder.parent(of: final))
        return true
    }

    public func replace(_ name: String, _ bytes: [UInt8]) throws {
        let final = path(of: name)
        let file = try AtomicFile(path: final, makesFolders: true)
        try file.write(bytes)
        removeForeignChecksum(of: final)
        try file.finish()
    }

    /// Makes the folder, if it is not there, for its owner's eyes alone, whatever it was for before.
    public func makePrivate() throws {
        try LocalFolder.make(location)
        guard chmod(location, 0o700) == 0 else {
            throw StorageError.io(path: location, operation: "close to others", errno: errno)
        }
    }

    public func append(_ name: String, _ bytes: [UInt8]) throws { try append(name, bytes, syncing: true) }

    /// - Parameter syncing: false to leave it to the system when the bytes reach the disk: they survive this process, not
    ///   the machine.
    public func append(_ name: String, _ bytes: [UInt8], syncing: Bool) throws {
        let path = path(of: name)
        let descriptor = try LocalFolder.openOrCreate(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        try bytes.withUnsafeBytes { try LocalFolder.write($0, to: descriptor, path: path) }
        guard syncing else { return }
        guard fsync(descriptor) == 0 else { throw StorageError.io(path: path, operation: "sync", errno: errno) }
        try LocalFolder.sync(LocalFolder.parent(of: path))
    }

    public func create(_ name: String) throws -> any StorageWriter { try LocalWriter(path: path(of: name)) }

    public func stage() throws -> any StagedFolder { try LocalStagedFolder(in: location) }

    public func delete(_ name: String) throws {
        let path = path(of: name)
        guard unlink(path) == 0 || errno == ENOENT else {
            throw StorageError.io(path: path, operation: "delete", errno: errno)
        }
        removeForeignChecksum(of: path)
    }

    public func removeIfEmpty(_ folder: String) throws {
        let path = path(of: folder)
        guard rmdir(path) == 0 || [ENOENT, ENOTEMPTY, EEXIST].contains(errno) else {
            throw StorageError.io(path: path, operation: "delete", errno: errno)
        }
    }

    /// The lock is a file, which stays; the kernel lets go of it when its holder dies.
    public func withLock<R>(_ name: String, _ body: () throws -> R) throws -> R {
        let path = path(of: name)
        let descriptor = try LocalFolder.openOrCreate(path, O_RDWR)
        defer { close(descriptor) }
        try LocalFolder.lock(descriptor, path: path)
        return try body()
    }

    /// Hadoop's local file system, and so Spark, keeps a checksum of `name` in `.name.crc` and refuses other content.
    private func removeForeignChecksum(of path: String) {
        let folder = LocalFolder.parent(of: path)
        unlink("\(folder)/.\(path.dropFirst(folder.utf8.count + 1)).crc")
    }

    private func writeTemporary(for final: String, _ bytes: [UInt8]) throws -> String {
        let temporary = "\(LocalFolder.parent(of: final))/\(LocalFolder.uniqueName(".tmp-"))"
        let writer = try LocalWriter(path: temporary)
        do {
            try writer.write(bytes)
            try writer.finishFile()
        } catch {
            writer.abandon()
            throw error
        }
        return temporary
    }
}
