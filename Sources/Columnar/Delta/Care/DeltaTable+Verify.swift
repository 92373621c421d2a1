import Domain

/// What ``DeltaTable/verify(version:)`` found.
public struct VerifyReport: Hashable, Sendable {
    public var version: Int64
    public var files = 0
    public var rows: Int64 = 0
    public var bytes: Int64 = 0
    public var problems: [Problem] = []

    public struct Problem: Hashable, Sendable {
        /// Relative to the table.
        public var path: String
        public var reason: String
    }
}

extension DeltaTable {
    /// Reads every byte of a version: the log, every file's presence, size, footer, checksums and rows, and whether the
    /// log's counts and bounds are true of them.
    public func verify(version: Int64? = nil) throws -> VerifyReport {
        let snapshot = try self.snapshot(version: version)
        var report = VerifyReport(version: snapshot.version)
        for add in snapshot.adds {
            report.files += 1
            do {
                guard let status = try storage.status(add.path) else {
                    throw StorageError.missing(path: storage.path(of: add.path))
                }
                report.bytes += Int64(status.size)
                if Int64(status.size) != add.size {
                    report.problems.append(
                        .init(path: add.path, reason: "it has \(status.size) bytes, the log says \(add.size)"))
                }
                report.rows += try verify(add, snapshot) { reason in
                    report.problems.append(.init(path: add.path, reason: reason))
                }
            } catch let error as any Fault {
                report.problems.append(.init(path: add.path, reason: error.message))
            }
        }
        return report
    }

    /// - Returns: the rows of the file.
    private func verify(_ add: Add, _ snapshot: Snapshot, _ complain: (String) -> Void) throws -> Int64 {
        let bounds = FileBounds(add)
        var rows: Int64 = 0
        var nulls: [String: Int64] = [:]
        var wrong: Set<String> = []
        var scan = try snapshot.scan([add])
        while let batch = try scan.next() {
            rows += Int64(batch.rowCount)
            for (field, column) in zip(batch.schema.fields, batch.columns)
            where !snapshot.partitionColumns.contains(field.name) {
                if !field.nullable && column.nullCount > 0 { complain("the required column \(field.name) has nulls") }
                nulls[field.name, default: 0] += Int64(column.nullCount)
                let low = bounds.minimum(field.name, field.type)
                let high = bounds.maximum(field.name, field.type)
                guard low != nil || high != nil, !wrong.contains(field.name) else { continue }
                for row in 0..<batch.rowCount {
                    let value = column.value(at: row, type: field.type)
                    if let low, ValueOrder.precedes(value, low) { wrong.insert(field.name) }
                    if let high, ValueOrder.precedes(high, value) { wrong.insert(field.name) }
                }
            }
        }
        for name in wrong.sorted() { complain("values of \(name) lie outside of the bounds in the log") }
        if let stated = bounds.rowCount, stated != rows { complain("it has \(rows) rows, the log says \(stated)") }
        for (name, count) in nulls.sorted(by: { $0.key < $1.key }) {
            if let stated = bounds.nullCount(name), stated != count {
                complain("\(name) is null in \(count) rows, the log says \(stated)")
            }
        }
        return rows
    }
}
