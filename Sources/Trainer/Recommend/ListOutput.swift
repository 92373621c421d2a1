internal import Columnar
internal import Dispatch
internal import Domain
internal import Foundation
internal import Synchronization

/// The files of ``RecommendAll``: written by a thread of their own, one batch behind the caller, and named when they are
/// complete.
///
/// `@unchecked Sendable`: `writer` and `part` are touched on `queue` alone, and by `finish` and `abandon` once the queue is
/// empty; the rest is constant or locked.
final class ListOutput: @unchecked Sendable {
    private static let rowsPerPart = 16 << 20

    private let path: String
    private let temporary: String
    private let isFile: Bool
    private let options: ParquetOptions
    private let queue = DispatchQueue(label: "marquee.lists")
    /// One batch may wait while another is written.
    private let room = DispatchSemaphore(value: 2)
    private let failure = Mutex<(any Error)?>(nil)
    private var writer: ParquetWriter?
    private var part = 0
    private var rowsOfPart = 0

    /// - Throws: ``TrainerError/cannotWrite(path:reason:)`` if a folder of that name exists.
    init(path: String, modelID: String) throws {
        self.path = path
        isFile = path.hasSuffix(".parquet")
        let url = URL(filePath: path)
        temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(getpid()).new").path
        var options = ParquetOptions()
        options.metadata = ["marquee.model": modelID]
        self.options = options
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue || !isFile {
            throw TrainerError.cannotWrite(path: path, reason: "it exists already")
        }
        try? FileManager.default.removeItem(atPath: temporary)
        if !isFile { try Files.createFolder(temporary) }
        // Now, so that a place that cannot be written is refused before any work, and no users give an empty file.
        try open()
    }

    private func open() throws {
        let name = String(part)
        let file =
            isFile
            ? temporary : "\(temporary)/part-\(String(repeating: "0", count: max(0, 5 - name.count)))\(name).parquet"
        writer = try ParquetWriter(path: file, schema: RecommendAll.schema, options: options)
        rowsOfPart = 0
    }

    /// Hands a batch over; waits while two are on their way.
    /// - Throws: the error of an earlier batch.
    func write(rows: Int, _ batch: @escaping @Sendable () throws -> RecordBatch) throws {
        room.wait()
        if let error = failure.withLock({ $0 }) {
            room.signal()
            throw error
        }
        queue.async { [self] in
            defer { room.signal() }
            guard failure.withLock({ $0 == nil }) else { return }
            do {
                if !isFile, rowsOfPart > 0, rowsOfPart + rows > Self.rowsPerPart {
                    _ = try writer?.finish()
                    part += 1
                    try open()
                }
                try writer?.write(try batch())
                rowsOfPart += rows
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Ends the last file and gives everything its name.
    func finish() throws {
        queue.sync {}
        if let error = failure.withLock({ $0 }) { throw error }
        _ = try writer?.finish()
        writer = nil
        if !isFile { try Files.flush(folder: temporary) }
        guard rename(temporary, path) == 0 else {
            throw TrainerError.cannotWrite(path: path, reason: SystemError.last.clause)
        }
        try Files.flushFolder(containing: path)
    }

    /// Leaves nothing behind.
    func abandon() {
        queue.sync {}
        writer?.abandon()
        writer = nil
        try? FileManager.default.removeItem(atPath: temporary)
    }
}
