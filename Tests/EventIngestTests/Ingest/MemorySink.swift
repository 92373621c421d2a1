import Columnar
import Domain
import EventIngest
import Store
import Synchronization

/// Tables in memory that outlive the ingesters that write to them: what a store is to a crash.
final class MemoryStore: Sendable {
    struct Contents {
        var offsets: [String: Int64] = [:]
        var batches: [RecordBatch] = []
        var version: Int64 = -1
    }
    private final class Shared: Sendable {
        let tables = Mutex<[String: Contents]>([:])
    }
    private let shared: Shared
    /// Called before each commit with the table's name; may throw to play a failing disk.
    let beforeCommit: @Sendable (String) throws -> Void

    /// - Parameter other: tables to share, seen through another door.
    init(sharing other: MemoryStore? = nil, beforeCommit: @escaping @Sendable (String) throws -> Void = { _ in }) {
        shared = other?.shared ?? Shared()
        self.beforeCommit = beforeCommit
    }

    func withTables<R>(_ body: (inout [String: Contents]) throws -> R) rethrows -> R {
        try shared.tables.withLock { tables in try body(&tables) }
    }

    func sink(_ table: TableContract) -> any EventSink { MemorySink(name: table.name, store: self) }

    /// The texts of one column of a table, all commits in order.
    func strings(_ column: String, of table: String) -> [String] {
        withTables { tables in
            (tables[table]?.batches ?? []).flatMap { batch -> [String] in
                guard let bytes = try? batch.column(named: column).byteStrings else { return [] }
                return (0..<bytes.count).map { bytes.string(at: $0) ?? "" }
            }
        }
    }

    func offsets(of table: String) -> [String: Int64] { withTables { $0[table]?.offsets ?? [:] } }
    func version(of table: String) -> Int64 { withTables { $0[table]?.version ?? -1 } }
}

private final class MemorySink: EventSink {
    let name: String
    private let store: MemoryStore

    init(name: String, store: MemoryStore) {
        self.name = name
        self.store = store
    }

    func offsets() throws -> [String: Int64] { store.offsets(of: name) }

    func storedOffsets(of place: TopicPartition, in range: Range<Int64>) throws -> Set<Int64> {
        store.withTables { tables in
            Set(
                (tables[name]?.batches ?? []).flatMap { batch -> [Int64] in
                    guard let topics = try? batch.column(named: "topic").byteStrings,
                        let partitions = try? batch.column(named: "partition").int32s,
                        let offsets = try? batch.column(named: "offset").int64s
                    else { return [] }
                    return (0..<batch.rowCount).filter {
                        topics.string(at: $0) == place.topic && partitions.values[$0] == place.partition
                            && range.contains(offsets.values[$0])
                    }.map { offsets.values[$0] }
                })
        }
    }

    let isReadable = true

    /// More than was asked for, which nobody minds.
    func rows(_ columns: [String], of ranges: [TopicPartition: Range<Int64>]?) throws -> [RecordBatch] {
        store.withTables { $0[name]?.batches ?? [] }
    }

    func mayLackRows() throws -> Bool { false }

    func commit(_ batches: [RecordBatch], advancing offsets: [OffsetAdvance]) throws -> SinkOutcome {
        try store.beforeCommit(name)
        return store.withTables { tables in
            var contents = tables[name] ?? .init()
            for step in offsets where contents.offsets[step.appID] != step.from {
                return .overtaken(detail: step.appID)
            }
            for step in offsets { contents.offsets[step.appID] = step.to }
            contents.batches += batches
            contents.version += 1
            tables[name] = contents
            return .committed(version: contents.version)
        }
    }
}
