public import Domain
import Synchronization

/// A storage in which something else happens just before the first commit of a table takes its name.
public final class InterruptedStorage: Storage {
    private let base: any Storage
    private let interruption: Mutex<(@Sendable () throws -> Void)?>

    public init(_ base: any Storage, before interruption: @escaping @Sendable () throws -> Void) {
        self.base = base
        self.interruption = Mutex(interruption)
    }

    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        if name.hasPrefix("_delta_log/"), let interruption = interruption.withLock({ $0.take() }) { try interruption() }
        return try base.putIfAbsent(name, bytes)
    }

    public var location: String { base.location }
    public func folder(_ name: String) -> any Storage { base.folder(name) }
    public func exists() throws -> Bool { try base.exists() }
    public func open(_ name: String) throws -> any StoredObject { try base.open(name) }
    public func status(_ name: String) throws -> StoredName? { try base.status(name) }
    public func list(_ folder: String, from start: String) throws -> [StoredName] {
        try base.list(folder, from: start)
    }
    public func listFolders(_ folder: String) throws -> [String] { try base.listFolders(folder) }
    public func listData() throws -> [StoredName] { try base.listData() }
    public func localPath(_ name: String) throws -> String { try base.localPath(name) }
    public func replace(_ name: String, _ bytes: [UInt8]) throws { try base.replace(name, bytes) }
    public func append(_ name: String, _ bytes: [UInt8]) throws { try base.append(name, bytes) }
    public func create(_ name: String) throws -> any StorageWriter { try base.create(name) }
    public func stage() throws -> any StagedFolder { try base.stage() }
    public func delete(_ name: String) throws { try base.delete(name) }
    public func withLock<R>(_ name: String, _ body: () throws -> R) throws -> R { try base.withLock(name, body) }
}
