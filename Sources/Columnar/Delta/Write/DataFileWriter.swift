import Dispatch
import Domain
import Foundation
import Synchronization

/// Writes the data files of one commit. They are durable when ``write(_:)`` returns; nobody refers to them yet.
struct DataFileWriter {
    let storage: any Storage
    let metaData: MetaData
    let schema: Schema
    private(set) var options: ParquetOptions
    /// Files that are open at a time, waiting to be flushed together: flushing one by one waits for the disk each time.
    private static let flushTogether = 64

    init(storage: any Storage, metaData: MetaData, schema: Schema, options: ParquetOptions = .init()) {
        self.storage = storage
        self.metaData = metaData
        self.schema = schema
        self.options = options
        self.options.bloomFilterColumns.formUnion(metaData.bloomFilterColumns(schema))
    }

    /// One file a partition.
    /// - Throws: after removing what was written, if anything fails.
    func write(_ partitions: [PartitionSplitter.Partition], dataChange: Bool = true) throws -> [Add] {
        var adds: [Add] = []
        var waiting: [DeferredSink] = []
        do {
            for (index, partition) in partitions.enumerated() {
                let name = try newName(index, partition.values)
                let sink = try DeferredSink(storage.create(name))
                waiting.append(sink)
                var batches = partition.batches.makeIterator()
                adds.append(
                    try write(
                        partition.values, to: sink, named: name, dataChange: dataChange, first: nil
                    ) { batches.next() })
                if waiting.count == Self.flushTogether {
                    try Self.flush(waiting)
                    waiting = []
                }
            }
            try Self.flush(waiting)
        } catch {
            for sink in waiting { sink.abandon() }
            discard(adds)
            throw error
        }
        return adds
    }

    /// One file of the batches that `next` hands out until it returns nil; none if there are no batches.
    /// - Throws: after removing what was written, if anything fails.
    func write(
        _ values: [String: String?], dataChange: Bool = true, _ next: () throws -> RecordBatch?
    ) throws -> Add? {
        guard let first = try next() else { return nil }
        let name = try newName(0, values)
        let sink = try DeferredSink(storage.create(name))
        do {
            let add = try write(values, to: sink, named: name, dataChange: dataChange, first: first, next)
            try sink.flush()
            return add
        } catch {
            sink.abandon()
            throw error
        }
    }

    /// Removes files that no commit will refer to.
    func discard(_ adds: [Add]) {
        // What cannot be removed now, vacuum removes later.
        for add in adds { try? storage.delete(add.path) }
    }

    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if a value is too long for the name of a folder.
    private func newName(_ index: Int, _ values: [String: String?]) throws -> String {
        let folder = PartitionPath.folder(metaData.partitionColumns, values: values)
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

    private func write(
        _ values: [String: String?], to sink: DeferredSink, named name: String, dataChange: Bool,
        first: RecordBatch?, _ next: () throws -> RecordBatch?
    ) throws -> Add {
        let writer = try ParquetWriter(
            sink: sink, name: storage.path(of: name),
            schema: PartitionSplitter(schema: schema, partitionColumns: metaData.partitionColumns).dataSchema,
            options: options)
        var unbounded: Set<String> = []
        var pending = first
        while let batch = try pending ?? next() {
            pending = nil
            unbounded.formUnion(FileStats.columnsWithNaN(batch))
            try writer.write(batch)
        }
        let summary = try writer.finish()
        return Add(
            path: name, partitionValues: values, size: summary.size,
            modificationTime: SystemClock.now.milliseconds, dataChange: dataChange,
            stats: FileStats.text(summary, metaData: metaData, unbounded: unbounded))
    }

    private static func flush(_ sinks: [DeferredSink]) throws {
        let failure = Mutex<(any Error)?>(nil)
        // Sendable: each index is taken by one thread only.
        nonisolated(unsafe) let sinks = sinks
        DispatchQueue.concurrentPerform(iterations: sinks.count) { index in
            do {
                try sinks[index].flush()
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

/// Collects small writes, and leaves the wait for the disk to ``flush()``.
private final class DeferredSink: StorageWriter {
    private let sink: any StorageWriter
    private var pending: [UInt8] = []

    init(_ sink: any StorageWriter) { self.sink = sink }

    func write(_ bytes: [UInt8]) throws {
        pending += bytes
        if pending.count >= 1 << 20 { try drain() }
    }

    func finish() throws { try drain() }
    func abandon() { sink.abandon() }
    func flush() throws { try sink.finish() }

    private func drain() throws {
        try sink.write(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
