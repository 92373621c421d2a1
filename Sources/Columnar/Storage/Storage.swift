public import Domain

/// Where a table's files live: put-if-absent, list from a name on, ranged reads. Names are relative to the table and
/// use `/`. The local disk is the first implementation.
///
/// What every implementation promises: a name is seen whole or not at all, and what a call has returned from survives
/// a crash of the machine.
public protocol Storage: Sendable {
    /// What users call the place, for messages.
    var location: String { get }

    /// Opens an object for ranged reads.
    /// - Throws: ``ColumnarError/missingFile(path:)``
    func open(_ name: String) throws -> any StoredObject

    /// The object's entry, or nil if there is none.
    func status(_ name: String) throws -> StoredName?

    /// The objects directly in `folder` whose names are at least `start`, by name. Empty if there is no such folder.
    func list(_ folder: String, from start: String) throws -> [StoredName]

    /// Every object below the root, in no order. Names that begin with `_` or `.` are left out, folders too.
    func listData() throws -> [StoredName]

    /// Stores `bytes` under `name` unless the name is taken. Atomic.
    /// - Returns: whether it was stored.
    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool

    /// Stores `bytes` under `name`, in place of what was there. Atomic.
    func replace(_ name: String, _ bytes: [UInt8]) throws

    /// Begins an object that is written piece by piece and must not exist yet.
    func create(_ name: String) throws -> any StorageWriter

    /// Removes an object; one that is not there is no error.
    func delete(_ name: String) throws
}

extension Storage {
    /// The whole of an object.
    func read(_ name: String) throws -> [UInt8] {
        let object = try open(name)
        return try object.read(0..<object.size)
    }

    func path(of name: String) -> String { "\(location)/\(name)" }
}

/// An entry of a listing.
public struct StoredName: Hashable, Sendable {
    public var name: String
    public var size: Int
    public var modified: Timestamp

    public init(name: String, size: Int, modified: Timestamp) {
        self.name = name
        self.size = size
        self.modified = modified
    }
}

/// An object opened for reading. Safe to read from several threads.
public protocol StoredObject: Sendable {
    var size: Int { get }
    /// - Throws: ``ColumnarError/malformed(file:reason:)`` if the object ends before the range does.
    func read(_ range: Range<Int>) throws -> [UInt8]
}

/// An object being written.
public protocol StorageWriter: AnyObject {
    func write(_ bytes: [UInt8]) throws
    /// Makes the object durable. Nothing may be written afterwards.
    func finish() throws
    /// Gives the object up and removes what was written.
    func abandon()
}
