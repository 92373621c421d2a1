internal import Columnar
internal import Domain

/// A file of an ``AnswerLog``: batches of answers, and behind them their entries once more, sorted, when it is full.
///
///     batch    "MQAC", entries (4 bytes), length of what follows (8), its checksum (8), length of the answers (8);
///              entries; the answers' identifiers and bodies as one LZ4 block: lists repeat each other
///     footer   entries by hash; where they begin (8), how many (8), "MQAF", 0 (4)
///     entry    hash of the identifier (8), time in µs (8), where its batch begins in the file (4), where the identifier
///              begins in the answers (4), its length (4), the length of the body behind it (4)
///
/// All numbers little-endian. A batch that is not whole is the end of what can be read.
enum AnswerSegment {
    typealias Entry = AnswerBatch.Entry

    private static let batchMark: UInt32 = 0x4341_514D
    private static let footerMark: UInt32 = 0x4641_514D
    private static let headSize = 32
    private static let tailSize = 24
    /// Of a batch's answers: more is no batch of ours.
    private static let maximumAnswers: UInt64 = 1 << 28

    static let suffix = ".answers"

    /// Names sort by time.
    static func name(_ at: Timestamp) -> String {
        let digits = String(max(0, at.microseconds))
        let padding = String(repeating: "0", count: max(0, 17 - digits.count))
        return "\(padding)\(digits)-\(String(UInt64.random(in: .min ... .max), radix: 36))\(suffix)"
    }

    // MARK: Writing

    /// - Parameter start: where in the file the batch will stand.
    /// - Returns: what is written, and the entries as they stand in the file.
    static func batch(_ answers: AnswerBatch, at start: Int) throws -> (bytes: [UInt8], entries: [Entry]) {
        let packed = try LZ4Block.compress(answers.bytes)
        let entries = answers.entries.map { entry in
            var entry = entry
            entry.batch = UInt32(start)
            return entry
        }
        let length = entries.count * Entry.size + packed.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headSize + length)
        bytes.append(batchMark)
        bytes.append(UInt32(entries.count))
        bytes.append(UInt64(length))
        bytes.append(0 as UInt64)
        bytes.append(UInt64(answers.bytes.count))
        for entry in entries { bytes.append(entry) }
        bytes += packed
        let checksum = StableHash.checksum(bytes[headSize...])
        withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(16..<24, with: $0) }
        return (bytes, entries)
    }

    /// What makes a file complete.
    static func footer(_ entries: [Entry], at start: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * Entry.size + tailSize)
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
        for entry in try candidates(AnswerBatch.hash(of: id), in: file) {
            guard let answers = try answers(of: entry, in: file), let body = entry.body(of: id, in: answers) else {
                continue
            }
            return KeptAnswers.Kept(body: body, at: Timestamp(microseconds: entry.at))
        }
        return nil
    }

    /// The identifiers and bodies of an entry's batch; nil if they are damaged.
    private static func answers(of entry: Entry, in file: any StoredObject) throws -> [UInt8]? {
        let start = Int(entry.batch)
        guard start + headSize <= file.size,
            let head = Head(try file.read(start..<start + headSize), at: 0, room: file.size - start - headSize)
        else { return nil }
        let body = try file.read(start + headSize..<start + headSize + head.length)
        guard StableHash.checksum(body[...]) == head.checksum else { return nil }
        return try? LZ4Block.decompress(body[(head.entries * Entry.size)...], size: head.answers)
    }

    /// The head of a batch, as far as it can be.
    private struct Head {
        let entries: Int
        let length: Int
        let checksum: UInt64
        let answers: Int

        /// - Parameter room: how much may follow it.
        init?(_ bytes: [UInt8], at place: Int, room: Int) {
            let (mark, length) = (bytes.number(at: place), bytes.number(at: place + 8))
            let answers = bytes.number(at: place + 24)
            guard UInt32(truncatingIfNeeded: mark) == batchMark, length <= UInt64(room),
                mark >> 32 <= length / UInt64(Entry.size), answers <= maximumAnswers
            else { return nil }
            (entries, self.length, self.answers) = (Int(mark >> 32), Int(length), Int(answers))
            checksum = bytes.number(at: place + 16)
        }
    }

    private static func candidates(_ hash: UInt64, in file: any StoredObject) throws -> [Entry] {
        guard let sorted = try footer(of: file) else { return try entries(of: file).filter { $0.hash == hash } }
        var (low, high) = (0, sorted.count / Entry.size)
        while low < high {
            let middle = (low + high) / 2
            if sorted.number(at: middle * Entry.size) < hash { low = middle + 1 } else { high = middle }
        }
        var found: [Entry] = []
        while low < sorted.count / Entry.size, sorted.number(at: low * Entry.size) == hash {
            found.append(sorted.entry(at: low * Entry.size))
            low += 1
        }
        return found
    }

    /// The sorted entries, or nil if the file is not complete.
    private static func footer(of file: any StoredObject) throws -> [UInt8]? {
        guard file.size >= tailSize else { return nil }
        let end = file.size - tailSize
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
            return stride(from: 0, through: sorted.count - Entry.size, by: Entry.size).map { sorted.entry(at: $0) }
        }
        let bytes = try file.read(0..<file.size)
        var entries: [Entry] = []
        var place = 0
        while place + headSize <= bytes.count {
            let begin = place + headSize
            guard let head = Head(bytes, at: place, room: bytes.count - begin),
                StableHash.checksum(bytes[begin..<begin + head.length]) == head.checksum
            else { break }
            for number in 0..<head.entries { entries.append(bytes.entry(at: begin + number * Entry.size)) }
            place = begin + head.length
        }
        return entries
    }
}

extension AnswerBatch.Entry {
    /// As it stands in a file.
    fileprivate static let size = 32
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

    fileprivate mutating func append(_ entry: AnswerBatch.Entry) {
        append(entry.hash)
        append(entry.at)
        append(entry.batch)
        append(entry.start)
        append(entry.idCount)
        append(entry.bodyCount)
    }

    /// Eight bytes that the caller knows to be there; checked all the same.
    fileprivate func number(at place: Int) -> UInt64 {
        withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)) }
    }

    /// 32 bytes that the caller knows to be there. What it says of places is checked by whoever goes there.
    fileprivate func entry(at place: Int) -> AnswerBatch.Entry {
        let (places, lengths) = (number(at: place + 16), number(at: place + 24))
        return AnswerBatch.Entry(
            hash: number(at: place), at: Int64(bitPattern: number(at: place + 8)),
            batch: UInt32(truncatingIfNeeded: places), start: UInt32(places >> 32),
            idCount: UInt32(truncatingIfNeeded: lengths), bodyCount: UInt32(lengths >> 32))
    }
}
