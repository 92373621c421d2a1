/// A place for named objects: a folder of a disk, or a prefix of a bucket.
///
/// Tables and the model registry keep their files through this protocol, and only through it. It asks for what a disk
/// and an object store can both give. What an object store has no call for is stated so that it can be made: an append
/// is a conditional rewrite, a lock is an object with a term, a folder that appears at once is a folder whose last
/// object makes it count, and a file to map is a cached copy.
///
/// Names are relative to the storage, use `/` and never begin or end with it. Folders are only parts of names: they
/// appear with their first object.
///
/// What every implementation promises:
/// - An object is seen whole or not at all under the calls that say so, and ``putIfAbsent(_:_:)`` has one winner.
/// - What a call has returned from survives a crash of the machine.
/// - A call sees what calls before it, of any process, have returned from.
///
/// Calls block. They throw ``StorageError``, or another ``Fault`` for what only one implementation knows. Tests hold an
/// implementation to all of this with `StorageConformance`.
public protocol Storage: Sendable {
    /// What users call the place, for messages: a path or an address.
    var location: String { get }

    /// The storage of the objects whose names begin with `name` and `/`. It need not exist. O(1), no access.
    func folder(_ name: String) -> any Storage

    /// Whether the place is there: the folder of a disk, or any object below an address.
    func exists() throws -> Bool

    // MARK: Reading

    /// Opens an object for ranged reads.
    /// - Throws: ``StorageError/missing(path:)``
    func open(_ name: String) throws -> any StoredObject

    /// The object's entry, or nil if there is none. A folder is no object.
    func status(_ name: String) throws -> StoredName?

    /// The objects directly in `folder` (`""` is the root) whose names are at least `start`, ascending by the bytes of
    /// their names, which are relative to `folder`. Empty if there is no such folder.
    func list(_ folder: String, from start: String) throws -> [StoredName]

    /// The folders directly in `folder`, by name, ascending by bytes. Empty if there is no such folder. A disk also
    /// names folders that are empty.
    func listFolders(_ folder: String) throws -> [String]

    /// Every object below the root, in no order. Names that begin with `_` or `.` are left out, folders too.
    func listData() throws -> [StoredName]

    /// A path at which the object's bytes can be opened and mapped: the file itself on a disk, a cached copy for an
    /// object store, made if needed.
    ///
    /// For objects that are never replaced. Objects of one folder lie in one local folder, under their own names. The
    /// file stays until the storage removes it; whoever has it open or mapped keeps its bytes.
    /// - Throws: ``StorageError/missing(path:)``
    func localPath(_ name: String) throws -> String

    // MARK: Writing

    /// Stores `bytes` under `name` unless the name is taken. Atomic.
    /// - Returns: whether it was stored.
    func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool

    /// Stores `bytes` under `name`, in place of what was there. Atomic: a reader sees the old object or the new.
    func replace(_ name: String, _ bytes: [UInt8]) throws

    /// Adds `bytes` at the end of an object, which is made if it is not there. Writers do not lose each other's bytes.
    /// After a crash a part of the bytes may be there.
    ///
    /// For short logs: an object store reads the object, and puts it back on the condition that nobody else has.
    func append(_ name: String, _ bytes: [UInt8]) throws

    /// Begins an object that is written piece by piece and must not exist yet. On a disk it can be seen while it grows:
    /// its writer gives it a name that nobody looks for until it is finished.
    func create(_ name: String) throws -> any StorageWriter

    /// Begins a folder that appears at once; see ``StagedFolder``.
    func stage() throws -> any StagedFolder

    /// Removes an object; one that is not there is no error.
    func delete(_ name: String) throws

    /// Removes a folder that has become empty; one that is not empty, or not there, stays as it is. For folders whose name
    /// nobody writes under again: a writer that has just looked for its folder would miss it.
    func removeIfEmpty(_ folder: String) throws

    /// Runs `body` while no other holder of the lock `name` does, in any process.
    ///
    /// A holder that dies lets go: at once on a disk (`flock`), when its term is over in an object store (an object put
    /// if absent, with a time). So it keeps writers from waste and confusion; what must never happen twice is decided by
    /// ``putIfAbsent(_:_:)``. Not reentrant.
    func withLock<R>(_ name: String, _ body: () throws -> R) throws -> R
}

extension Storage {
    /// The whole of an object.
    public func read(_ name: String) throws -> [UInt8] {
        let object = try open(name)
        return try object.read(0..<object.size)
    }

    /// An object store has no empty folders.
    public func removeIfEmpty(_ folder: String) throws {}

    /// The object mapped into memory; see ``localPath(_:)``.
    public func map(_ name: String) throws -> MappedFile { try MappedFile(path: localPath(name)) }

    /// What users call the object, for messages.
    public func path(of name: String) -> String { "\(location)/\(name)" }
}

/// An entry of a listing.
public struct StoredName: Hashable, Sendable {
    /// Relative to what was listed.
    public var name: String
    /// In bytes.
    public var size: Int
    /// When it was last written, by the storage's clock.
    public var modified: Timestamp

    public init(name: String, size: Int, modified: Timestamp) {
        self.name = name
        self.size = size
        self.modified = modified
    }
}

/// An object opened for reading. Safe to read from several threads.
public protocol StoredObject: Sendable {
    /// In bytes, when it was opened.
    var size: Int { get }
    /// The bytes of a range.
    /// - Throws: ``StorageError/truncated(path:reason:)`` if the object ends before the range does.
    func read(_ range: Range<Int>) throws -> [UInt8]
    /// Whether a read costs so much whatever its length that several are better asked for together.
    var prefersFewReads: Bool { get }
    /// The bytes of several ranges, in their order. All of them are in memory at once.
    /// - Throws: as ``read(_:)``.
    func read(together ranges: [Range<Int>]) throws -> [[UInt8]]
}

extension StoredObject {
    public var prefersFewReads: Bool { false }
    public func read(together ranges: [Range<Int>]) throws -> [[UInt8]] { try ranges.map(read) }
}

/// An object being written. For one thread.
public protocol StorageWriter: AnyObject {
    /// Adds bytes at the end.
    func write(_ bytes: [UInt8]) throws
    /// Makes the object durable. Nothing may be written afterwards.
    func finish() throws
    /// Gives the object up and removes what was written.
    func abandon()
}

/// A folder that is filled in private and then appears as a whole.
///
/// Files are made in ``path``, a local folder. On a disk it is a hidden folder beside the others and is renamed into
/// place; its maker keeps it locked, and what nobody has locked is a dead maker's, which the next ``Storage/stage()``
/// removes.
///
/// An object store uploads the files in the order of their names, each by put-if-absent, so that the first one claims the
/// name and all are of one maker; the file that makes the folder count comes last. What a dead maker uploaded lacks that
/// file, so nobody looks at it. It may be removed when it is older than a day; a maker gives an upload up after half of
/// that, so that no living one loses files. For one thread.
public protocol StagedFolder: AnyObject {
    /// A local folder that no reader of the storage sees.
    var path: String { get }

    /// Makes the files directly in ``path`` the folder `name` of the storage, durably. Nothing may follow but letting
    /// go; after `false`, another name may be tried.
    /// - Parameter last: the file whose presence makes the folder count: readers look for it first.
    /// - Returns: false if the name is taken.
    func publish(as name: String, last: String) throws -> Bool

    /// Removes what was made. Nothing happens after a publication.
    func abandon()
}
