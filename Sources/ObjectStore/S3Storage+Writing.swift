public import Domain
internal import Glibc

extension S3Storage {
    public func putIfAbsent(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        try root.probe.check(.absent)
        if case .written = try client.put(key(name), bytes, if: .absent) { return true }
        return false
    }

    public func replace(_ name: String, _ bytes: [UInt8]) throws {
        _ = try client.put(key(name), bytes, if: .none)
    }

    /// Reads the object and puts it back on the condition that nobody else has. Where an answer was lost and others have
    /// appended since, what begins with what was put tells that it came through. (If several append the same bytes in the
    /// same moment and answers are lost, one of them may be missing.)
    public func append(_ name: String, _ bytes: [UInt8]) throws {
        try root.probe.check(.unchanged)
        try root.gate.hold("append \(key(name))") { try appendInTurn(name, bytes) }
    }

    private func appendInTurn(_ name: String, _ bytes: [UInt8]) throws {
        var attempt = 1
        /// What was put and refused, though it may have come through and been replaced before it could be looked at.
        var doubtful: [UInt8]?
        while true {
            let old = try current(name)
            if let doubtful, let old, old.bytes.count > doubtful.count, old.bytes.starts(with: doubtful) { return }
            let whole = (old?.bytes ?? []) + bytes
            let condition = old.map { WriteCondition.unchanged(etag: $0.etag) } ?? .absent
            if case .written = try client.put(key(name), whole, if: condition) { return }
            doubtful = whole
            guard attempt < 200 else {
                throw ObjectStoreError.unavailable(
                    path: path(of: name), operation: "write", attempts: attempt, reason: "others are always first")
            }
            ObjectClient.pause(after: min(attempt, 3))
            attempt += 1
        }
    }

    private func current(_ name: String) throws -> (bytes: [UInt8], etag: String)? {
        do {
            let (tail, facts) = try client.tail(key(name), count: S3Object.tailSize)
            let front = try client.read(key(name), 0..<(facts.size - tail.count), etag: facts.etag)
            return (front + tail, facts.etag)
        } catch StorageError.missing {
            return nil
        }
    }

    public func create(_ name: String) throws -> any StorageWriter {
        try root.probe.check(.absent)
        return S3Writer(client, key: key(name))
    }

    public func stage() throws -> any StagedFolder {
        try root.probe.check(.absent)
        return try S3StagedFolder(in: self, local: root.cache.stage())
    }

    public func delete(_ name: String) throws {
        try client.delete(key(name))
        root.cache.forget(key(name))
    }

    public func withLock<R>(_ name: String, _ body: () throws -> R) throws -> R {
        try root.probe.check(.unchanged)
        let key = key(name)
        return try root.gate.hold(key) {
            let lock = S3Lock(client, key: key, term: root.lockTerm)
            try lock.acquire()
            defer { lock.release() }
            return try body()
        }
    }
}

/// An object written piece by piece: in one request if it is small, else in parts of 8 MiB or more.
///
/// Nothing is seen of it until it is finished. The parts of one whose writer dies are removed by a rule of the bucket.
final class S3Writer: StorageWriter {
    /// In bytes: S3 takes no smaller parts but the last.
    private static let smallestPart = 8 << 20
    /// S3 takes 10,000 parts: they grow, so that objects may be of any size that S3 has.
    private static let partsOfOneSize = 1000

    private let client: ObjectClient
    private let key: String
    private let mark = ObjectClient.newMark()
    private var pending: [UInt8] = []
    private var upload: String?
    private var parts: [ObjectClient.Part] = []
    private var isOver = false

    init(_ client: ObjectClient, key: String) {
        self.client = client
        self.key = key
    }

    deinit { abandon() }

    func write(_ bytes: [UInt8]) throws {
        pending += bytes
        while pending.count >= partSize {
            try send(Array(pending.prefix(partSize)))
        }
    }

    func finish() throws {
        guard try publish() else {
            throw StorageError.io(path: client.path(key), operation: "create", errno: EEXIST)
        }
    }

    /// Makes the object, if its name is free. Returns whether it was.
    func publish() throws -> Bool {
        guard let upload else {
            isOver = true
            if case .written = try client.put(key, pending, if: .absent) { return true }
            return false
        }
        if !pending.isEmpty { try send(pending) }
        let isFirst = try client.completeUpload(key, upload: upload, parts, mark: mark)
        if isFirst { isOver = true } else { abandon() }
        return isFirst
    }

    func abandon() {
        guard !isOver else { return }
        isOver = true
        pending = []
        if let upload { client.abandonUpload(key, upload: upload) }
    }

    private var partSize: Int { Self.smallestPart << min(parts.count / Self.partsOfOneSize, 9) }

    private func send(_ part: [UInt8]) throws {
        let upload = try self.upload ?? client.beginUpload(key, mark: mark)
        self.upload = upload
        parts.append(try client.sendPart(key, upload: upload, number: parts.count + 1, part))
        pending.removeFirst(part.count)
    }
}
