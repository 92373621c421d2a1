internal import Columnar
internal import Dispatch
internal import Domain
internal import Foundation
internal import Operations
internal import Synchronization

/// The files of ``RecommendAll``: written by a thread of their own, one batch behind the caller, and named when they are
/// complete.
///
/// `@unchecked Sendable`: `writer` and what counts its rows are touched on `queue` alone, and by `finish` and `abandon` once
/// the queue is empty; the rest is constant or locked.
final class ListOutput: @unchecked Sendable {
    private static let rowsPerPart = 16 << 20

    private let path: String
    /// Where the files of a folder are made; nil if it is one file.
    private let folder: (any StagedFolder)?
    private let options: ParquetOptions
    private let queue = BlockingQueue("lists")
    /// One batch may wait while another is written.
    private let room = DispatchSemaphore(value: 2)
    private let failure = Mutex<(any Error)?>(nil)
    private var writer: ParquetWriter?
    private var part = 0
    private var rowsOfPart = 0

    /// - Throws: ``TrainerError/cannotWrite(path:reason:)`` if a folder of that name exists.
    init(path: String, modelID: String) throws {
        self.path = path
        let isFile = path.hasSuffix(".parquet")
        var options = ParquetOptions()
        options.metadata = ["marquee.model": modelID]
        self.options = options
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue || !isFile {
            throw TrainerError.cannotWrite(path: path, reason: "it exists already")
        }
        folder = isFile ? nil : try Files.writing { try LocalStorage(Self.parent(of: path)).stage() }
        // Now, so that a place that cannot be written is refused before any work, and no users give an empty file.
        try open()
    }

    private func open() throws {
        writer = try Files.writing {
            guard let folder else {
                return try ParquetWriter(
                    sink: AtomicFile(path: path), name: path, schema: RecommendAll.schema, options: options)
            }
            return try ParquetWriter(
                path: "\(folder.path)/\(partName)", schema: RecommendAll.schema, options: options)
        }
        rowsOfPart = 0
    }

    private var partName: String {
        let number = String(part)
        return "part-\(String(repeating: "0", count: max(0, 5 - number.count)))\(number).parquet"
    }

    private static func parent(of path: String) -> String { URL(filePath: path).deletingLastPathComponent().path }

    /// Hands a batch over; waits while two are on their way.
    /// - Throws: the error of an earlier batch.
    func write(rows: Int, _ batch: @escaping @Sendable () throws -> RecordBatch) throws {
        room.wait()
        if let error = failure.withLock({ $0 }) {
            room.signal()
            throw error
        }
        queue.add { [self] in
            defer { room.signal() }
            guard failure.withLock({ $0 == nil }) else { return }
            do {
                if folder != nil, rowsOfPart > 0, rowsOfPart + rows > Self.rowsPerPart {
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
        queue.drain()
        if let error = failure.withLock({ $0 }) { throw error }
        try Files.writing {
            _ = try writer?.finish()
            writer = nil
            guard let folder else { return }
            guard try folder.publish(as: URL(filePath: path).lastPathComponent, last: partName) else {
                throw TrainerError.cannotWrite(path: path, reason: "it exists already")
            }
        }
    }

    /// Leaves nothing behind.
    func abandon() {
        queue.drain()
        writer?.abandon()
        writer = nil
        folder?.abandon()
    }
}
