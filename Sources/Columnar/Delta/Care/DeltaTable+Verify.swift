import Domain

/// What ``DeltaTable/verify(version:)`` found.
public struct VerifyReport: Hashable, Sendable {
    public var version: Int64
    public var files = 0
    public var rows: Int64 = 0
    public var bytes: Int64 = 0
    /// Pages of all files, and those of them that carry a checksum: in one without, a changed byte may go unseen.
    public var pages = 0
    public var checksums = 0
    public var problems: [Problem] = []
    /// Columns of which not every value was read.
    public var unseen: [UnseenColumn] = []

    /// Something wrong with one file: verifying goes on to the next, so that all of them are named at once.
    public struct Problem: Hashable, Sendable {
        /// Relative to the table.
        public var path: String
        public var reason: String
    }
}

extension DeltaTable {
    /// Reads every byte of a version: the log, every file's presence, size, footer, checksums and rows, and whether the
    /// log's counts and bounds are true of them. Of columns that cannot be read, only checksums and what decompresses.
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
                report.rows += try verify(add, snapshot, into: &report)
            } catch ColumnarError.unsupported(_, let feature) {
                // Nothing of the file can be read.
                for name in snapshot.schema.names {
                    report.unseen.add(UnseenColumn(name: name, feature: feature), isNewFile: true)
                }
            } catch let error as any Fault {
                report.problems.append(.init(path: add.path, reason: error.message))
            }
        }
        return report
    }

    /// - Returns: the rows of the file.
    private func verify(_ add: Add, _ snapshot: Snapshot, into report: inout VerifyReport) throws -> Int64 {
        let file = try snapshot.open(add.path)
        var unseen = snapshot.unsupportedColumns.merging(file.unsupportedColumns) { $1 }
        var problems: [String] = []
        var rows: Int64
        func names() -> [String] { snapshot.schema.names.filter { unseen[$0] == nil } }
        do {
            rows = try verify(add, snapshot, columns: names()) { problems.append($0) }
        } catch ColumnarError.unsupported {
            // Some column is of a kind that shows in its pages only.
            for name in names() {
                do {
                    var scan = try snapshot.scan([add], columns: [name])
                    while try scan.next() != nil {}
                } catch ColumnarError.unsupported(_, let feature) {
                    unseen[name] = feature
                }
            }
            problems = []
            rows = try verify(add, snapshot, columns: names()) { problems.append($0) }
        }
        for (name, feature) in unseen where file.columns.allSatisfy({ $0.name != name }) {
            report.unseen.add(UnseenColumn(name: name, feature: feature), isNewFile: true)
        }
        for column in file.columns {
            var found = unseen[column.name].map { UnseenColumn(name: column.name, feature: $0) }
            // What the table does not have, or takes from elsewhere, was not read either.
            let isRead =
                found == nil && names().contains(column.name)
                && !snapshot.partitionColumns.contains(column.name)
            for group in 0..<file.rowGroupCount {
                let audit = file.auditPages(of: column, rowGroup: group, deep: !isRead)
                report.pages += audit.pages
                report.checksums += audit.checksums
                found?.pages += audit.pages
                found?.checksums += audit.checksums
                found?.unpacked += audit.unpacked
                if !isRead { problems += audit.problems.map { "\(column.name): \($0)" } }
            }
            if let found { report.unseen.add(found, isNewFile: true) }
        }
        report.problems += problems.map { .init(path: add.path, reason: $0) }
        return rows
    }

    /// - Returns: the rows of the file.
    private func verify(
        _ add: Add, _ snapshot: Snapshot, columns: [String], _ complain: (String) -> Void
    ) throws -> Int64 {
        let bounds = FileBounds(add)
        var rows: Int64 = 0
        var nulls: [String: Int64] = [:]
        var wrong: Set<String> = []
        var scan = try snapshot.scan([add], columns: columns)
        while let batch = try scan.next() {
            rows += Int64(batch.rowCount)
            for (field, column) in zip(batch.schema.fields, batch.columns)
            where !snapshot.partitionColumns.contains(field.name) {
                if !field.nullable && column.nullCount > 0 { complain("the required column \(field.name) has nulls") }
                nulls[field.name, default: 0] += Int64(column.nullCount)
                let low = bounds.minimum(snapshot.mapping[field.name], field.type)
                let high = bounds.maximum(snapshot.mapping[field.name], field.type)
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
            // Those of deleted rows are counted too.
            if add.deletionVector == nil, let stated = bounds.nullCount(snapshot.mapping[name]), stated != count {
                complain("\(name) is null in \(count) rows, the log says \(stated)")
            }
        }
        return rows
    }
}
