internal import Domain

/// A file of an ``AnswerLog``: batches of answers, and behind them their entries once more, sorted, when it is full.
///
///     batch    "MQAB", entries (4 bytes), length of what follows (8), its checksum (8); entries; identifiers and bodies
///     footer   entries by hash; where they begin (8), how many (8), "MQAF", 0 (4)
///     entry    hash of the identifier (8), time in µs (8), where the identifier stands in the file (8), its length (4),
///              the length of the body behind it (4)
///
/// All numbers little-endian. A batch that is not whole is the end of what can be read.
enum AnswerSegment {
    struct Entry {
        static let size = 32

        var hash: UInt64
        var at: Int64
        var start: Int
        var idCount: Int
        var bodyCount: Int

        var end: Int { start + idCount + bodyCount }
    }

    private static let batchMark: UInt32 = 0x4241_514D
    private static let footerMark: UInt32 = 0x4641_514D
    private static let headSize = 24

    /// Names sort by time.
    static func name(_ at: Timestamp) -> String {
        let digits = String(max(0, at.microseconds))
        let padding = String(repeating: "0", count: max(0, 17 - digits.count))
        return "\(padding)\(digits)-\(String(UInt64.random(in: .min ... .max), radix: 36)).answers"
    }

    // MARK: Writing

    /// - Parameter start: where in the file the batch will stand.
    static func batch(_ answers: [KeptAnswers.Unwritten], at start: Int) -> (bytes: [UInt8], entries: [Entry]) {
        var entries: [Entry] = []
        entries.reserveCapacity(answers.count)
        var place = start + headSize + answers.count * Entry.size
        for answer in answers {
            let entry = Entry(
                hash: hash(of: answer.id), at: answer.kept.at.microseconds, start: place, idCount: answer.id.utf8.count,
                bodyCount: answer.kept.body.count)
            entries.append(entry)
            place = entry.end
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(place - start)
        bytes.append(batchMark)
        bytes.append(UInt32(answers.count))
        bytes.append(UInt64(place - start - headSize))
        bytes.append(0 as UInt64)
        for entry in entries { bytes.append(entry) }
        for answer in answers {
            bytes += answer.id.utf8
            bytes += answer.kept.body
        }
        let checksum = StableHash.checksum(bytes[headSize...])
        withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(16..<24, with: $0) }
        return (bytes, entries)
    }

    /// What makes a file complete.
    static func footer(_ entries: [Entry], at start: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * Entry.size + headSize)
        for entry in entries.sorted(by: { $0.hash < $1.hash }) { bytes.append(entry) }
        bytes.append(UInt64(start))
        bytes.append(UInt64(entries.count))
        bytes.append(footerMark)
        bytes.append(0 as UInt32)
        return bytes
    }

    // MARK: Reading

    /// The answer of an identifier, or nil if the file has none: a search in the footer, or a walk through all batches.
    static func answer(_ id: String, in file: any StoredObject) throws -> KeptAnswers.Kept? {
        let hash = hash(of: id)
        for entry in try candidates(hash, in: file) {
            let bytes = try file.read(entry.start..<entry.end)
            guard bytes.prefix(entry.idCount).elementsEqual(id.utf8) else { continue }
            return KeptAnswers.Kept(
                body: Array(bytes.dropFirst(entry.idCount)), at: Timestamp(microseconds: entry.at))
        }
        return nil
    }

    private static func candidates(_ hash: UInt64, in file: any StoredObject) throws -> [Entry] {
        guard let sorted = try footer(of: file) else { return try entries(of: file).filter { $0.hash == hash } }
        var (low, high) = (0, sorted.count / Entry.size)
        while low < high {
            let middle = (low + high) / 2
            if sorted.number(at: middle * Entry.size) < hash { low = middle + 1 } else { high = middle }
        }
        var found: [Entry] = []
        while low < sorted.count / Entry.size, let entry = sorted.entry(at: low * Entry.size, of: file.size),
            entry.hash == hash
        {
            found.append(entry)
            low += 1
        }
        return found
    }

    /// The sorted entries, or nil if the file is not complete.
    private static func footer(of file: any StoredObject) throws -> [UInt8]? {
        guard file.size >= headSize else { return nil }
        let end = file.size - headSize
        let tail = try file.read(end..<file.size)
        let (start, count) = (tail.number(at: 0), tail.number(at: 8))
        guard UInt32(truncatingIfNeeded: tail.number(at: 16)) == footerMark, start <= UInt64(end),
            count == (UInt64(end) - start) / UInt64(Entry.size)
        else { return nil }
        return try file.read(Int(start)..<end)
    }

    /// Of every answer in the file. O(bytes) where it is not complete.
    static func entries(of file: any StoredObject) throws -> [Entry] {
        if let sorted = try footer(of: file) {
            return stride(from: 0, to: sorted.count, by: Entry.size).compactMap { sorted.entry(at: $0, of: file.size) }
        }
        let bytes = try file.read(0..<file.size)
        var entries: [Entry] = []
        var place = 0
        while place + headSize <= bytes.count {
            let (head, length) = (bytes.number(at: place), bytes.number(at: place + 8))
            let begin = place + headSize
            guard UInt32(truncatingIfNeeded: head) == batchMark, length <= UInt64(bytes.count - begin),
                head >> 32 <= length / UInt64(Entry.size),
                StableHash.checksum(bytes[begin..<begin + Int(length)]) == bytes.number(at: place + 16)
            else { break }
            for number in 0..<Int(head >> 32) {
                if let entry = bytes.entry(at: begin + number * Entry.size, of: bytes.count) { entries.append(entry) }
            }
            place = begin + Int(length)
        }
        return entries
    }

    private static func hash(of id: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(id)
        return hash.value
    }
}

extension StableHash {
    /// Of all bytes, eight at a time.
    fileprivate static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash = StableHash()
        bytes.withUnsafeBytes { bytes in
            let whole = bytes.count / 8 * 8
            for place in stride(from: 0, to: whole, by: 8) {
                hash.combine(word: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
            }
            for byte in bytes[whole...] { hash.combine(byte) }
        }
        hash.combine(word: UInt64(bytes.count))
        return hash.value
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ entry: AnswerSegment.Entry) {
        append(entry.hash)
        append(entry.at)
        append(UInt64(entry.start))
        append(UInt32(entry.idCount))
        append(UInt32(entry.bodyCount))
    }

    /// Eight bytes that the caller knows to be there; checked all the same.
    fileprivate func number(at place: Int) -> UInt64 {
        withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)) }
    }

    /// nil if it does not lie in a file of that size.
    fileprivate func entry(at place: Int, of size: Int) -> AnswerSegment.Entry? {
        let lengths = number(at: place + 24)
        let start = number(at: place + 16)
        let entry = AnswerSegment.Entry(
            hash: number(at: place), at: Int64(bitPattern: number(at: place + 8)), start: Int(clamping: start),
            idCount: Int(lengths & 0xFFFF_FFFF), bodyCount: Int(lengths >> 32))
        guard start <= UInt64(size), entry.idCount + entry.bodyCount <= size - entry.start else { return nil }
        return entry
    }
}
