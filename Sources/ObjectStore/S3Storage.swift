public import Domain
internal import Foundation

/// A prefix of an S3 bucket, or of what speaks S3's protocol.
///
///     let settings = try ObjectStoreSettings(environment: ProcessInfo.processInfo.environment)
///     let storage = try S3Storage(ObjectAddress("s3://films/store"), settings)
///
/// What S3 promises and this relies on: a call sees what calls before it have returned from (true of Amazon's since 2020),
/// and a conditional write has one winner, which is tried out before the first one.
///
/// Where it does less than a disk: an object larger than 64 KiB that is replaced while it is read cannot be read on, and says
/// so; a lock of a holder that died is free after half a minute.
public struct S3Storage: Storage {
    /// What the storages of all folders share.
    final class Root: Sendable {
        let client: ObjectClient
        let cache: ObjectCache
        let probe: ConditionProbe
        let lockTerm: Duration
        /// Holds locks between threads of this process, so that only one of them asks the service.
        let gate = Gate()

        init(_ client: ObjectClient, _ cache: ObjectCache, prefix: String, lockTerm: Duration) {
            self.client = client
            self.cache = cache
            self.lockTerm = lockTerm
            probe = ConditionProbe(client: client, prefix: prefix)
        }
    }

    let root: Root
    /// Empty, or ends with `/`.
    let prefix: String
    public let location: String

    /// Names a place; nothing is asked of the service yet.
    /// - Parameters:
    ///   - cache: a local folder for copies of objects that are mapped; nil for the user's own, see ``defaultCache``.
    ///   - lockTerm: after this time without a sign of life the holder of a lock counts as dead.
    /// - Throws: ``ObjectStoreError/noCredentials(profile:)``
    public init(
        _ address: ObjectAddress, _ settings: ObjectStoreSettings, cache: String? = nil,
        lockTerm: Duration = .seconds(30)
    ) throws {
        let client = try ObjectClient(settings, bucket: address.bucket)
        prefix = address.prefix.isEmpty ? "" : "\(address.prefix)/"
        location = address.description
        let folder = cache ?? Self.defaultCache
        root = Root(
            client, ObjectCache(client: client, folder: folder), prefix: prefix, lockTerm: lockTerm)
    }

    private init(_ root: Root, prefix: String, location: String) {
        self.root = root
        self.prefix = prefix
        self.location = location
    }

    /// `marquee/objects` in `CACHE_DIRECTORY` (systemd's), `XDG_CACHE_HOME` or `~/.cache`.
    public static var defaultCache: String {
        let environment = ProcessInfo.processInfo.environment
        let given = ["CACHE_DIRECTORY", "XDG_CACHE_HOME"].lazy.compactMap { environment[$0] }.first {
            $0.hasPrefix("/")
        }
        return "\(given ?? "\(NSHomeDirectory())/.cache")/marquee/objects"
    }

    var client: ObjectClient { root.client }
    func key(_ name: String) -> String { prefix + name }

    public func folder(_ name: String) -> any Storage {
        S3Storage(root, prefix: "\(prefix)\(name)/", location: path(of: name))
    }

    public func exists() throws -> Bool { try !client.list(prefix, isDeep: true, limit: 1).objects.isEmpty }

    // MARK: Reading

    public func open(_ name: String) throws -> any StoredObject { try S3Object(client, key: key(name)) }

    public func status(_ name: String) throws -> StoredName? {
        try client.head(key(name)).map { StoredName(name: name, size: $0.size, modified: $0.modified) }
    }

    public func list(_ folder: String, from start: String) throws -> [StoredName] {
        let prefix = folder.isEmpty ? prefix : "\(key(folder))/"
        let after = start.isEmpty ? nil : ObjectClient.before(start)
        let entries = try client.list(prefix, isDeep: false, after: after.map { prefix + $0 }).objects
        return entries.compactMap { relative($0, to: prefix) }
            .filter { !$0.name.utf8.lexicographicallyPrecedes(start.utf8) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    public func listFolders(_ folder: String) throws -> [String] {
        let prefix = folder.isEmpty ? prefix : "\(key(folder))/"
        return try client.list(prefix, isDeep: false).folders.map { String($0.dropFirst(prefix.count).dropLast()) }
            .filter { !$0.isEmpty }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    public func listData() throws -> [StoredName] {
        try client.list(prefix, isDeep: true).objects.compactMap { relative($0, to: prefix) }.filter { entry in
            !entry.name.split(separator: "/").contains { $0.hasPrefix("_") || $0.hasPrefix(".") }
        }
    }

    /// Nil for the empty objects that consoles make to show a folder.
    private func relative(_ entry: StoredName, to prefix: String) -> StoredName? {
        let name = String(entry.name.dropFirst(prefix.count))
        guard !name.isEmpty, !name.hasSuffix("/") else { return nil }
        return StoredName(name: name, size: entry.size, modified: entry.modified)
    }

    public func localPath(_ name: String) throws -> String { try root.cache.copy(of: key(name)) }
}

/// An object opened for ranged reads: opening fetches its last bytes, where Parquet files have their footers, and small
/// objects all they have. Later reads hold to the same object by its entity tag.
struct S3Object: StoredObject {
    /// In bytes.
    static let tailSize = 64 << 10
    /// What one request fetches at most.
    private static let pieceSize = 32 << 20
    /// So many bytes that nobody asked for are cheaper than another request.
    private static let gap = 64 << 10

    private let client: ObjectClient
    private let key: String
    private let facts: ObjectFacts
    private let tail: [UInt8]
    var size: Int { facts.size }

    /// - Throws: `StorageError.missing`
    init(_ client: ObjectClient, key: String) throws {
        self.client = client
        self.key = key
        (tail, facts) = try client.tail(key, count: Self.tailSize)
    }

    var prefersFewReads: Bool { true }

    /// Neighbours come by one request.
    func read(together ranges: [Range<Int>]) throws -> [[UInt8]] {
        var results = [[UInt8]](repeating: [], count: ranges.count)
        var group: [Int] = []
        var hull = 0..<0
        func fetch() throws {
            guard !group.isEmpty else { return }
            let bytes = try read(hull)
            for index in group {
                let start = ranges[index].lowerBound - hull.lowerBound
                results[index] = Array(bytes[start..<start + ranges[index].count])
            }
        }
        for index in ranges.indices.sorted(by: { ranges[$0].lowerBound < ranges[$1].lowerBound }) {
            let range = ranges[index]
            let joined = hull.lowerBound..<max(hull.upperBound, range.upperBound)
            if group.isEmpty || range.lowerBound > hull.upperBound + Self.gap || joined.count > Self.pieceSize {
                try fetch()
                (group, hull) = ([index], range)
            } else {
                group.append(index)
                hull = joined
            }
        }
        try fetch()
        return results
    }

    func read(_ range: Range<Int>) throws -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw StorageError.truncated(
                path: client.path(key),
                reason: "bytes \(range.lowerBound) to \(range.upperBound) pass its size of \(size)")
        }
        let tailStart = size - tail.count
        if range.lowerBound >= tailStart {
            return Array(tail[(range.lowerBound - tailStart)..<(range.upperBound - tailStart)])
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        let end = min(range.upperBound, tailStart)
        for start in stride(from: range.lowerBound, to: end, by: Self.pieceSize) {
            bytes += try client.read(key, start..<min(start + Self.pieceSize, end), etag: facts.etag)
        }
        if range.upperBound > tailStart { bytes += tail[..<(range.upperBound - tailStart)] }
        return bytes
    }
}
