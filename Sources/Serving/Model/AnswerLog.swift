internal import Domain
internal import Synchronization

/// Answered lists on disk, so that they can be shown again after a restart: files in a folder of their own beside the
/// state, each written from its beginning to its end and then left alone.
///
/// A server writes tens of thousands of lists a second and is asked for one of them now and then: adding them is
/// a copy of what is new in them, and to find one the entries of the files are looked through, the newest file first (docs/decisions/kept-answers.md).
///
/// The oldest go first, a file at a time, where they are too old or all would grow over the limit. Any number of processes
/// may use one folder: each writes files of its own. All calls block.
final class AnswerLog: Sendable {
    private let storage: LocalStorage
    private let maximumBytes: Int
    private let segmentBytes: Int
    private let segmentSpan: Duration
    private let writing = Mutex<Growing?>(nil)

    /// The file that this process adds to.
    private struct Growing {
        let name: String
        let began: ContinuousClock.Instant
        var size = 0
        var entries: [AnswerBatch.Entry] = []
    }

    /// Names the folder; nothing is read or made yet.
    /// - Parameters:
    ///   - folder: of the state; the files are in `answers` there.
    ///   - lifetime: how long answers are wanted. A file covers at most an eighth of it, for it goes as a whole.
    init(folder: String, maximumBytes: Int, lifetime: Duration = .seconds(7 * 86_400)) {
        storage = LocalStorage(folder + "/answers")
        self.maximumBytes = maximumBytes
        segmentBytes = min(8 << 20, max(maximumBytes / 8, 1 << 16))
        segmentSpan = min(.seconds(3600), lifetime / 8)
    }

    /// Adds answers. They survive this process at once, and a crash of the machine when the system has written them, in
    /// half a minute or so: to force that for each batch took a tenth of the server's speed.
    /// - Throws: `StorageError`; then those that were written are in a file that nothing is added to any more, and may be
    ///   written again.
    func append(_ answers: AnswerBatch) throws {
        guard let first = answers.entries.first else { return }
        try writing.withLock { growing in
            var file =
                try open(&growing)
                ?? Growing(name: AnswerSegment.name(Timestamp(microseconds: first.at)), began: .now)
            // What fails in the middle leaves an end that cannot be read, and nothing may stand behind it.
            growing = nil
            let (bytes, entries) = try AnswerSegment.batch(answers, at: file.size)
            if file.size == 0 { try storage.makePrivate() }
            try storage.append(file.name, bytes, syncing: false)
            file.size += bytes.count
            file.entries += entries
            growing = file
        }
    }

    /// The growing file, if it has room and is still there; a full one is closed.
    private func open(_ growing: inout Growing?) throws -> Growing? {
        guard let file = growing else { return nil }
        guard try storage.status(file.name)?.size == file.size else { return nil }
        if file.size < segmentBytes, .now - file.began < segmentSpan { return file }
        growing = nil
        try complete(file)
        return nil
    }

    private func complete(_ file: Growing) throws {
        try storage.append(file.name, AnswerSegment.footer(file.entries, at: file.size), syncing: false)
    }

    /// Completes the growing file, so that whoever looks into it need not read all of it. A file that was not completed is
    /// found out by reading.
    func close() throws {
        try writing.withLock { growing in
            defer { growing = nil }
            if let file = growing, try storage.status(file.name)?.size == file.size { try complete(file) }
        }
    }

    /// All files, by time; what others have put there is none of ours.
    private func files() throws -> [StoredName] {
        try storage.list("", from: "").filter { $0.name.hasSuffix(AnswerSegment.suffix) }
    }

    /// How much of each file was looked through.
    typealias Seen = [String: Int]

    /// The answer of an identifier, or nil if no file that has come or grown since it was `seen` has it.
    func answer(_ id: String, beyond seen: inout Seen) throws -> KeptAnswers.Kept? {
        for file in try files().reversed() where seen[file.name] != file.size {
            seen[file.name] = file.size
            do {
                let object = try storage.open(file.name)
                if let found = try AnswerSegment.answer(id, in: object) { return found }
            } catch StorageError.missing {
                // Too old just now.
            }
        }
        return nil
    }

    /// Removes files of which everything is older than `time`, and of the rest the oldest while all are over the limit.
    /// - Returns: how many answers were removed before their time, for want of room.
    func prune(before time: Timestamp) throws -> Int {
        let own = writing.withLock { $0?.name }
        var early = 0
        let files = try files()
        var bytes = files.reduce(0) { $0 + $1.size }
        for file in files where file.name != own {
            let isOver = file.modified < time
            guard isOver || bytes > maximumBytes else { continue }
            if !isOver {
                early += try AnswerSegment.entries(of: storage.open(file.name)).count { $0.at >= time.microseconds }
            }
            try storage.delete(file.name)
            bytes -= file.size
        }
        return early
    }
}
