import Domain
import Foundation

/// A folder on a local disk.
///
/// Commit rule: write a temporary name, fsync it, `link()` it to the final name (which fails if that exists, unlike
/// `rename`), fsync the folder. Readers never see half a file.
public struct LocalStorage: Storage {
    public let location: String

    public init(_ folder: String) {
        location = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    }

    public func open(_ name: String) throws -> any StoredObject { try LocalFile(path: path(of: name)) }

    public func status(_ name: String) throws -> StoredName? { try LocalFolder.entry(name, at: path(of: name)) }

    public func list(_ folder: String, from start: String) throws -> [StoredName] {
        let path = folder.isEmpty ? location : path(of: folder)
        var names = try LocalFolder.names(in: path, from: start)
        names.sort()
        return try names.compactMap { try LocalFolder.entry($0, at: "\(path)/\($0)") }
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

    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        let final = path(of: name)
        let temporary = try writeTemporary(for: final, bytes)
        defer { unlink(temporary) }
        guard link(temporary, final) == 0 else {
            if errno == EEXIST { return false }
            throw ColumnarError.io(path: final, operation: "create", errno: errno)
        }
        try LocalFolder.sync(LocalFolder.parent(of: final))
        return true
    }

    public func replace(_ name: String, _ bytes: [UInt8]) throws {
        let final = path(of: name)
        let temporary = try writeTemporary(for: final, bytes)
        removeForeignChecksum(of: final)
        guard rename(temporary, final) == 0 else {
            let error = ColumnarError.io(path: final, operation: "replace", errno: errno)
            unlink(temporary)
            throw error
        }
        try LocalFolder.sync(LocalFolder.parent(of: final))
    }

    public func create(_ name: String) throws -> any StorageWriter { try LocalWriter(path: path(of: name)) }

    public func delete(_ name: String) throws {
        let path = path(of: name)
        guard unlink(path) == 0 || errno == ENOENT else {
            throw ColumnarError.io(path: path, operation: "delete", errno: errno)
        }
        removeForeignChecksum(of: path)
    }

    /// Hadoop's local file system, and so Spark, keeps a checksum of `name` in `.name.crc` and refuses other content.
    private func removeForeignChecksum(of path: String) {
        let folder = LocalFolder.parent(of: path)
        unlink("\(folder)/.\(path.dropFirst(folder.utf8.count + 1)).crc")
    }

    private func writeTemporary(for final: String, _ bytes: [UInt8]) throws -> String {
        let folder = LocalFolder.parent(of: final)
        let temporary = "\(folder)/.tmp-\(UUID().uuidString)"
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
