import Domain
import Foundation
import Synchronization

/// Writes the data files of one commit. They are durable when a call returns; nobody refers to them yet.
struct DataFileWriter {
    let storage: any Storage
    let metaData: MetaData
    let schema: Schema
    private let mapping: ColumnMapping
    private(set) var options: ParquetOptions
    /// Files that are written at a time. Not more: each holds a row group, compressed, and flushing waits for one disk.
    static let filesTogether = min(4, ProcessInfo.processInfo.activeProcessorCount)
    /// But files of few rows, as the days of an import are, do little else than wait for the disk, which makes many durable
    /// in the time of one.
    private static let smallFilesTogether = 16
    private static let fewRows = 4096

    /// - Throws: ``ColumnarError`` if the table's columns have no sound names for files.
    init(storage: any Storage, metaData: MetaData, schema: Schema, options: ParquetOptions = .init()) throws {
        self.storage = storage
        mapping = try ColumnMapping(metaData, file: storage.location)
        self.metaData = metaData
        self.schema = schema
        self.options = options
        self.options.bloomFilterColumns.formUnion(metaData.bloomFilterColumns(schema))
    }

    /// One file a partition, in the order of the partitions. Several are written at a time: while one waits for the
    /// disk the next is encoded, and a commit that nothing else runs beside has every core. The threads have the priority
    /// of the one that calls.
    /// - Throws: after removing what was written, if anything fails.
    func write(_ partitions: [PartitionSplitter.Partition], dataChange: Bool = true) throws -> [Add] {
        let rows = partitions.reduce(0) { $0 + $1.rowCount }
        let isSmall = rows / max(1, partitions.count) < Self.fewRows
        return try each(
            Array(partitions.enumerated()), together: isSmall ? Self.smallFilesTogether : Self.filesTogether
        ) { part, codec in
            var rows = part.element.batches.makeIterator()
            return try write(
                part.element.values, index: part.offset, dataChange: dataChange, codec: codec, first: nil
            ) { rows.next() }
        } undo: {
            discard([$0])
        }
    }

    /// Does something for each of these, several at a time, on threads with the priority of the one that calls. Each thread
    /// has a codec of its own.
    /// - Parameter undo: called for what was made, if anything fails.
    /// - Returns: what was made, in the order of `parts`.
    func each<Part: Sendable, Made: Sendable>(
        _ parts: [Part], together: Int = filesTogether, _ make: @escaping @Sendable (Part, BlockCodec) throws -> Made,
        undo: (Made) -> Void
    ) throws -> [Made] {
        let made = Mutex([Made?](repeating: nil, count: parts.count))
        let failure = Mutex<(any Error)?>(nil)
        let next = Atomic(0)
        // Not those of Dispatch, which have a priority of their own. All have ended when this returns.
        SystemThread.perform("data-file", times: min(parts.count, together)) {
            let codec = BlockCodec()
            while failure.withLock({ $0 == nil }) {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < parts.count else { return }
                do {
                    let one = try make(parts[index], codec)
                    made.withLock { $0[index] = one }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        let all = made.withLock { $0 }.compactMap(\.self)
        if let error = failure.withLock({ $0 }) {
            all.forEach(undo)
            throw error
        }
        return all
    }

    /// One file of the batches that `next` hands out until it returns nil; none if there are no batches.
    /// - Throws: after removing what was written, if anything fails.
    func write(
        _ values: [String: String?], dataChange: Bool = true, _ next: () throws -> RecordBatch?
    ) throws -> Add? {
        try write(rowsOf: values, dataChange: dataChange, codec: BlockCodec()) {
            try next().map { SelectedRows(batch: $0) }
        }
    }

    /// The same of rows that are taken from where they lie.
    func write(
        rowsOf values: [String: String?], dataChange: Bool = true, codec: BlockCodec,
        _ next: () throws -> SelectedRows?
    ) throws -> Add? {
        guard let first = try next() else { return nil }
        return try write(values, index: 0, dataChange: dataChange, codec: codec, first: first, next)
    }

    /// Removes files that no commit will refer to.
    func discard(_ adds: [Add]) {
        // What cannot be removed now, vacuum removes later.
        for add in adds { try? storage.delete(add.path) }
    }

    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if a value is too long for the name of a folder.
    private func newName(_ index: Int, _ values: [String: String?]) throws -> String {
        let folder = PartitionPath.folder(mapping.physical(metaData.partitionColumns), values: values)
        for (column, name) in zip(metaData.partitionColumns, folder.split(separator: "/"))
        where name.utf8.count > PartitionPath.longestName {
            throw ColumnarError.schemaMismatch(
                reason: "a value of the partition column \(column) makes a folder name of \(name.utf8.count) bytes, "
                    + "and a name has \(PartitionPath.longestName) at most")
        }
        let digits = String(index)
        let part = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let codec = options.compression == .none ? "" : ".\(options.compression.rawValue)"
        let file = "part-\(part)-\(UUID().uuidString.lowercased())-c000\(codec).parquet"
        return folder.isEmpty ? file : "\(folder)/\(file)"
    }

    /// - Throws: after giving the file up, if anything fails.
    private func write(
        _ values: [String: String?], index: Int, dataChange: Bool, codec: BlockCodec, first: SelectedRows?,
        _ next: () throws -> SelectedRows?
    ) throws -> Add {
        let name = try newName(index, values)
        let sink = try CollectingSink(storage.create(name))
        do {
            let writer = try ParquetWriter(
                sink: sink, name: storage.path(of: name),
                schema: PartitionSplitter(schema: schema, partitionColumns: metaData.partitionColumns).dataSchema,
                options: options, codec: codec, annotating: mapping.annotating)
            var unbounded: Set<String> = []
            var pending = first
            while let rows = try pending ?? next() {
                pending = nil
                unbounded.formUnion(FileStats.columnsWithNaN(rows))
                try writer.write(rows)
            }
            let summary = try writer.finish()
            return Add(
                path: name, partitionValues: values, size: summary.size,
                modificationTime: Timestamp.now.milliseconds, dataChange: dataChange,
                stats: FileStats.text(summary, metaData: metaData, mapping: mapping, unbounded: unbounded))
        } catch {
            sink.abandon()
            throw error
        }
    }
}

/// Collects small writes.
private final class CollectingSink: StorageWriter {
    private let sink: any StorageWriter
    private var pending: [UInt8] = []

    init(_ sink: any StorageWriter) { self.sink = sink }

    func write(_ bytes: [UInt8]) throws {
        pending += bytes
        if pending.count >= 1 << 20 { try drain() }
    }

    func finish() throws {
        try drain()
        try sink.finish()
    }

    func abandon() { sink.abandon() }

    private func drain() throws {
        try sink.write(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
