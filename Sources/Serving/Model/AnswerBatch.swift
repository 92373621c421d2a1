internal import Domain

/// Answers one behind the other in one piece of memory, with what finds them: adding one is a copy to the end, so that
/// whoever answers has its own memory back at once.
struct AnswerBatch: Sendable {
    /// Of one answer.
    struct Entry: Sendable {
        /// Of the identifier.
        var hash: UInt64
        /// When it was given, in µs.
        var at: Int64
        /// Where its batch begins in a file; 0 in memory.
        var batch: UInt32
        /// Where the identifier begins in ``AnswerBatch/bytes``; the body stands behind it.
        var start: UInt32
        var idCount: UInt32
        var bodyCount: UInt32

        var end: Int { Int(start) + Int(idCount) + Int(bodyCount) }
    }

    /// Of no other batch of this process.
    let number: UInt64
    private(set) var entries: [Entry] = []
    private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: in bytes; it grows where more is added.
    init(number: UInt64, capacity: Int) {
        self.number = number
        bytes.reserveCapacity(capacity)
    }

    var isEmpty: Bool { entries.isEmpty }
    /// In memory.
    var size: Int { bytes.capacity + entries.capacity * MemoryLayout<Entry>.stride }

    mutating func add(_ body: [UInt8], as id: String, at now: Timestamp) {
        entries.append(
            Entry(
                hash: Self.hash(of: id), at: now.microseconds, batch: 0, start: UInt32(bytes.count),
                idCount: UInt32(id.utf8.count), bodyCount: UInt32(body.count)))
        bytes += id.utf8
        bytes += body
    }

    /// The newest of an identifier. O(entries).
    func answer(_ id: String) -> KeptAnswers.Kept? {
        let hash = Self.hash(of: id)
        for entry in entries.reversed() where entry.hash == hash {
            if let body = entry.body(of: id, in: bytes) {
                return .init(body: body, at: Timestamp(microseconds: entry.at))
            }
        }
        return nil
    }

    static func hash(of id: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(id)
        return hash.value
    }
}

extension AnswerBatch.Entry {
    /// nil if it is another's that has the same hash, or does not lie in `bytes`.
    func body(of id: String, in bytes: [UInt8]) -> [UInt8]? {
        guard end <= bytes.count else { return nil }
        let middle = Int(start) + Int(idCount)
        return bytes[Int(start)..<middle].elementsEqual(id.utf8) ? Array(bytes[middle..<end]) : nil
    }
}
