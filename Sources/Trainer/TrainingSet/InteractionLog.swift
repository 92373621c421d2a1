public import Domain
internal import Foundation

/// Events reduced to what training needs, in a temporary file.
///
/// The event table is scanned once; every later pass (where to split, what to train on, what to test on, the final
/// model) reads these 24-byte records in order. They live in a file without a name, so that memory holds only the
/// identifiers and the matrix being built, and nothing is left behind after a crash.
///
/// Not safe for use from several threads at once.
public final class InteractionLog {
    /// One event.
    struct Record {
        var user: Int32
        var item: Int32
        /// Microseconds since 1970.
        var at: Int64
        var value: Float
        var kind: EventKind
        /// The events that an external split has set aside for testing.
        var isTest: Bool
    }

    public internal(set) var users = IdentifierPool()
    public internal(set) var items = IdentifierPool()
    public private(set) var count = 0
    public private(set) var first = Timestamp(microseconds: .max)
    public private(set) var last = Timestamp(microseconds: .min)
    /// Where the events come from, for messages and manifests.
    public let source: String
    /// The table version, or nil if the events come from elsewhere.
    public let version: Int64?
    /// Which key the users' pseudonyms are of, by its digest; nil if users are called as they are, or nobody can tell.
    public internal(set) var pseudonymKey: String?
    /// The identity of the table it was read from; nil if it came from elsewhere.
    public internal(set) var table: String?

    /// What "now" is for these events: no event ages by what lies after it. Of a table the time of the version's commit, so
    /// that a version says all; else this machine's when the log was made.
    public let clock: Timestamp
    /// Rows of the table that are no events, left out.
    public internal(set) var badRows = BadRows()
    /// Who is left out since they do not allow that models learn from them.
    public internal(set) var leftOut = LeftOutUsers()
    /// Where the events were read from, if less than all was asked for.
    public internal(set) var reading: EventReading?
    /// The identifiers of those who are left out.
    var leftOutUsers = IdentifierPool()

    /// Sampled negatives of a published protocol, by user of the log; nil: the whole catalogue is ranked.
    var negatives: [Int32: [Int32]]?

    private let descriptor: Int32
    private var pending: [Record] = []
    private var flushed = 0

    private static let chunk = 1 << 15

    public init(source: String, version: Int64? = nil, clock: Timestamp = .now) throws {
        self.source = source
        self.version = version
        self.clock = clock
        let folder = FileManager.default.temporaryDirectory.path
        var template = Array("\(folder)/marquee-events-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw TrainerError.cannotWrite(path: folder, reason: SystemError.last.clause) }
        // The open descriptor keeps the file; the name goes at once.
        unlink(template)
        pending.reserveCapacity(Self.chunk)
    }

    deinit { close(descriptor) }

    /// - Throws: ``TrainerError/badInteraction(user:item:reason:)`` if events of the kind have no such value.
    func append(
        user: Int32, item: Int32, kind: EventKind, value: Float, at: Int64, isTest: Bool = false
    ) throws {
        guard kind.accepts(value) else {
            throw TrainerError.badInteraction(
                user: users.id(at: Int(user)), item: items.id(at: Int(item)),
                reason: "a \(kind.name) has no value \(value)")
        }
        pending.append(Record(user: user, item: item, at: at, value: value, kind: kind, isTest: isTest))
        count += 1
        if at < first.microseconds { first = Timestamp(microseconds: at) }
        if at > last.microseconds { last = Timestamp(microseconds: at) }
        if pending.count == Self.chunk { try flush() }
    }

    /// Adds one event under its identifiers.
    public func append(
        userID: String, itemID: String, kind: EventKind, value: Float, at: Timestamp, isTest: Bool = false
    ) throws {
        try append(
            user: users.insert(userID), item: items.insert(itemID), kind: kind, value: value, at: at.microseconds,
            isTest: isTest)
    }

    /// Adds the events of another log that `accept` takes.
    func append(_ other: InteractionLog, where accept: (Record) -> Bool) throws {
        try other.forEachChunk { chunk in
            for record in chunk where accept(record) {
                try append(
                    user: users.insert(Int(record.user), of: other.users),
                    item: items.insert(Int(record.item), of: other.items), kind: record.kind, value: record.value,
                    at: record.at, isTest: record.isTest)
            }
        }
    }

    /// Calls `body` with all records in the order of appending, in pieces.
    func forEachChunk(_ body: (UnsafeBufferPointer<Record>) throws -> Void) throws {
        try flush()
        let buffer = UnsafeMutableBufferPointer<Record>.allocate(capacity: Self.chunk)
        defer { buffer.deallocate() }
        var position = 0
        while position < flushed {
            let records = min(Self.chunk, flushed - position)
            var bytes = UnsafeMutableRawBufferPointer(
                UnsafeMutableBufferPointer(rebasing: buffer[0..<records]))
            var offset = position * MemoryLayout<Record>.stride
            while !bytes.isEmpty {
                let got = pread(descriptor, bytes.baseAddress, bytes.count, off_t(offset))
                guard got > 0 else {
                    if got < 0, errno == EINTR { continue }
                    throw TrainerError.cannotRead(path: "the temporary event file", reason: SystemError.last.clause)
                }
                bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[got...])
                offset += got
            }
            try body(UnsafeBufferPointer(rebasing: buffer[0..<records]))
            position += records
        }
    }

    private func flush() throws {
        guard !pending.isEmpty else { return }
        try pending.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let written = write(descriptor, rest.baseAddress, rest.count)
                guard written >= 0 else {
                    if errno == EINTR { continue }
                    throw TrainerError.cannotWrite(path: "the temporary event file", reason: SystemError.last.clause)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
        flushed += pending.count
        pending.removeAll(keepingCapacity: true)
    }
}
