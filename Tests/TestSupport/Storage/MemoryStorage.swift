public import Domain
import Foundation
import Synchronization

/// A storage with the manners of an object store: names without folders, put-if-absent, listing from a name on, cached
/// copies to map, and an optional limit on its size, past which writes fail as they do on a full disk.
public final class MemoryStorage: Storage {
    fileprivate struct Stored: Sendable {
        var bytes: [UInt8]
        var modified: Timestamp
    }

    /// What the storages of all folders share.
    private final class Memory: Sendable {
        struct State: Sendable {
            var objects: [String: Stored] = [:]
            var left = Int.max
            var locked: Set<String> = []
        }
        let state = Mutex(State())
        let cache = FileManager.default.temporaryDirectory.appending(path: "memory-storage-\(UUID())")

        deinit { try? FileManager.default.removeItem(at: cache) }
    }

    public let location: String
    private let memory: Memory
    /// Empty, or ends with `/`.
    private let prefix: String

    public convenience init() { self.init(Memory(), prefix: "") }

    private init(_ memory: Memory, prefix: String) {
        self.memory = memory
        self.prefix = prefix
        location = prefix.isEmpty ? "memory" : "memory/\(prefix.dropLast())"
    }

    /// A storage with the same objects, in which `limit` more bytes find room.
    public func copy(limit: Int = .max) -> MemoryStorage {
        let copy = MemoryStorage()
        let objects = memory.state.withLock { $0.objects }
        copy.memory.state.withLock {
            $0.objects = objects
            $0.left = limit
        }
        return copy
    }

    public func folder(_ name: String) -> any Storage { MemoryStorage(memory, prefix: "\(prefix)\(name)/") }

    public func exists() throws -> Bool {
        memory.state.withLock { $0.objects.keys.contains { $0.hasPrefix(prefix) } }
    }

    // MARK: Reading

    public func open(_ name: String) throws -> any StoredObject {
        guard let object = memory.state.withLock({ $0.objects[prefix + name] }) else {
            throw StorageError.missing(path: path(of: name))
        }
        return Object(bytes: object.bytes, path: path(of: name))
    }

    public func status(_ name: String) throws -> StoredName? {
        memory.state.withLock { state in
            state.objects[prefix + name].map { StoredName(name: name, size: $0.bytes.count, modified: $0.modified) }
        }
    }

    public func list(_ folder: String, from start: String) throws -> [StoredName] {
        below(folder).filter { !$0.name.contains("/") && $0.name >= start }.sorted { $0.name < $1.name }
    }

    public func listFolders(_ folder: String) throws -> [String] {
        let names = below(folder).compactMap { entry in
            entry.name.firstIndex(of: "/").map { String(entry.name[..<$0]) }
        }
        return Set(names).sorted()
    }

    public func listData() throws -> [StoredName] {
        below("").filter { entry in
            !entry.name.split(separator: "/").contains { $0.hasPrefix("_") || $0.hasPrefix(".") }
        }
    }

    /// Every object below a folder, named relative to it.
    private func below(_ folder: String) -> [StoredName] {
        let start = folder.isEmpty ? prefix : "\(prefix)\(folder)/"
        return memory.state.withLock { state in
            state.objects.compactMap { name, object in
                guard name.hasPrefix(start) else { return nil }
                return StoredName(
                    name: String(name.dropFirst(start.count)), size: object.bytes.count, modified: object.modified)
            }
        }
    }

    public func localPath(_ name: String) throws -> String {
        let bytes = try read(name)
        let file = memory.cache.appending(path: prefix + name)
        if !FileManager.default.fileExists(atPath: file.path) {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file, options: .atomic)
        }
        return file.path
    }

    // MARK: Writing

    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool { try put(name, bytes, over: false) }

    public func replace(_ name: String, _ bytes: [UInt8]) throws { _ = try put(name, bytes, over: true) }

    public func append(_ name: String, _ bytes: [UInt8]) throws {
        try memory.state.withLock { state in
            let old = state.objects[prefix + name]?.bytes ?? []
            try Self.take(bytes.count, of: &state, path(of: name))
            state.objects[prefix + name] = Stored(bytes: old + bytes, modified: .now)
        }
    }

    public func create(_ name: String) throws -> any StorageWriter { Writer(storage: self, name: name) }

    public func stage() throws -> any StagedFolder { try Staged(storage: self) }

    public func delete(_ name: String) throws {
        memory.state.withLock { state in
            if let old = state.objects.removeValue(forKey: prefix + name), state.left != .max {
                state.left += old.bytes.count
            }
        }
    }

    public func withLock<R>(_ name: String, _ body: () throws -> R) throws -> R {
        while !memory.state.withLock({ $0.locked.insert(prefix + name).inserted }) { usleep(200) }
        defer { memory.state.withLock { _ = $0.locked.remove(prefix + name) } }
        return try body()
    }

    private func put(_ name: String, _ bytes: [UInt8], over: Bool) throws -> Bool {
        try memory.state.withLock { state in
            if state.objects[prefix + name] != nil && !over { return false }
            try Self.take(bytes.count, of: &state, path(of: name))
            state.objects[prefix + name] = Stored(bytes: bytes, modified: .now)
            return true
        }
    }

    private static func take(_ bytes: Int, of state: inout Memory.State, _ path: String) throws {
        guard bytes <= state.left else { throw StorageError.io(path: path, operation: "write", errno: ENOSPC) }
        if state.left != .max { state.left -= bytes }
    }

    private struct Object: StoredObject {
        let bytes: [UInt8]
        let path: String
        var size: Int { bytes.count }

        func read(_ range: Range<Int>) throws -> [UInt8] {
            guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
                throw StorageError.truncated(path: path, reason: "it ends before \(range.upperBound)")
            }
            return Array(bytes[range])
        }
    }

    private final class Writer: StorageWriter {
        private let storage: MemoryStorage
        private let name: String
        private var bytes: [UInt8] = []

        init(storage: MemoryStorage, name: String) {
            self.storage = storage
            self.name = name
        }

        func write(_ bytes: [UInt8]) throws { self.bytes += bytes }
        func finish() throws {
            guard try storage.put(name, bytes, over: false) else {
                throw StorageError.io(path: storage.path(of: name), operation: "create", errno: EEXIST)
            }
        }
        func abandon() { bytes = [] }
    }

    private final class Staged: StagedFolder {
        private let storage: MemoryStorage
        private let folder: URL
        var path: String { folder.path }

        init(storage: MemoryStorage) throws {
            self.storage = storage
            folder = storage.memory.cache.appending(path: "staged-\(UUID())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }

        deinit { abandon() }

        func publish(as name: String, last: String) throws -> Bool {
            let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0 != last }.sorted()
            var stored: [String] = []
            do {
                for file in files + [last] {
                    let bytes = try Array(Data(contentsOf: folder.appending(path: file)))
                    // The first file claims the name.
                    guard try storage.putIfAbsent("\(name)/\(file)", bytes) else {
                        try remove(stored)
                        return false
                    }
                    stored.append("\(name)/\(file)")
                }
            } catch {
                try remove(stored)
                throw error
            }
            return true
        }

        private func remove(_ names: [String]) throws { for name in names { try storage.delete(name) } }

        func abandon() { try? FileManager.default.removeItem(at: folder) }
    }
}
