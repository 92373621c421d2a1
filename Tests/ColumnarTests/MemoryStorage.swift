import Domain
import Foundation
import Synchronization

@testable import Columnar

/// A storage with the manners of an object store: names without folders, put-if-absent, listing from a name on, and an
/// optional limit on its size, past which writes fail as they do on a full disk.
final class MemoryStorage: Storage {
    private struct State: Sendable {
        var objects: [String: (bytes: [UInt8], modified: Timestamp)] = [:]
        var left = Int.max
    }

    private let state = Mutex(State())
    let location = "memory"

    /// A storage with the same objects, in which `limit` more bytes find room.
    func copy(limit: Int = .max) -> MemoryStorage {
        let copy = MemoryStorage()
        let objects = state.withLock { $0.objects }
        copy.state.withLock {
            $0.objects = objects
            $0.left = limit
        }
        return copy
    }

    func open(_ name: String) throws -> any StoredObject {
        guard let object = state.withLock({ $0.objects[name] }) else {
            throw ColumnarError.missingFile(path: "\(location)/\(name)")
        }
        return Object(bytes: object.bytes, name: "\(location)/\(name)")
    }

    func status(_ name: String) throws -> StoredName? {
        state.withLock { state in
            state.objects[name].map { StoredName(name: name, size: $0.bytes.count, modified: $0.modified) }
        }
    }

    func list(_ folder: String, from start: String) throws -> [StoredName] {
        let prefix = folder.isEmpty ? "" : "\(folder)/"
        return state.withLock { state in
            state.objects.compactMap { name, object in
                guard name.hasPrefix(prefix) else { return nil }
                let rest = String(name.dropFirst(prefix.count))
                guard rest >= start, !rest.contains("/") else { return nil }
                return StoredName(name: rest, size: object.bytes.count, modified: object.modified)
            }.sorted { $0.name < $1.name }
        }
    }

    func listData() throws -> [StoredName] {
        state.withLock { state in
            state.objects.compactMap { name, object in
                if name.split(separator: "/").contains(where: { $0.hasPrefix("_") || $0.hasPrefix(".") }) { return nil }
                return StoredName(name: name, size: object.bytes.count, modified: object.modified)
            }
        }
    }

    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool { try put(name, bytes, over: false) }

    func replace(_ name: String, _ bytes: [UInt8]) throws { _ = try put(name, bytes, over: true) }

    func create(_ name: String) throws -> any StorageWriter { Writer(storage: self, name: name) }

    func delete(_ name: String) throws {
        state.withLock { state in
            if let old = state.objects.removeValue(forKey: name), state.left != .max { state.left += old.bytes.count }
        }
    }

    private func put(_ name: String, _ bytes: [UInt8], over: Bool) throws -> Bool {
        try state.withLock { state in
            if state.objects[name] != nil && !over { return false }
            guard bytes.count <= state.left else {
                throw ColumnarError.io(path: "\(location)/\(name)", operation: "write", errno: ENOSPC)
            }
            if state.left != .max { state.left -= bytes.count }
            state.objects[name] = (bytes, SystemClock.now)
            return true
        }
    }

    private struct Object: StoredObject {
        let bytes: [UInt8]
        let name: String
        var size: Int { bytes.count }

        func read(_ range: Range<Int>) throws -> [UInt8] {
            guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
                throw ColumnarError.malformed(file: name, reason: "it ends before \(range.upperBound)")
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
                throw ColumnarError.io(path: name, operation: "create", errno: EEXIST)
            }
        }
        func abandon() { bytes = [] }
    }
}
