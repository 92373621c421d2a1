/// What is wrong with one file of a table.
public struct Finding: Hashable, Sendable {
    public let file: String
    public let problem: String
}

extension Snapshot {
    /// Reads every file of the snapshot whole: there, of the stated size, every checksum right, every value
    /// decodable, row counts and statistics true. Takes as long as reading the table does.
    /// - Parameter onFile: called after each file with how many of all are done.
    public func verify(onFile: (_ done: Int, _ total: Int) -> Void = { _, _ in }) throws -> [Finding] {
        var findings: [Finding] = []
        let adds = adds
        for (done, add) in adds.enumerated() {
            do {
                findings += try problems(of: add).map { Finding(file: add.path, problem: $0) }
            } catch let error as ColumnarError {
                findings.append(Finding(file: add.path, problem: error.message))
            }
            onFile(done + 1, adds.count)
        }
        return findings
    }

    private func problems(of add: Add) throws -> [String] {
        var problems: [String] = []
        let object = try storage.open(add.path)
        if Int64(object.size) != add.size {
            problems.append("it has \(object.size) bytes, the log states \(add.size)")
        }
        let file = try ParquetFile(object: object, name: storage.path(of: add.path))
        let statistics = FileBounds(add)
        if let stated = statistics.rowCount, stated != file.rowCount {
            problems.append("it has \(file.rowCount) rows, the log states \(stated)")
        }
        problems += try file.verify()
        for group in 0..<file.rowGroupCount {
            let batch = try file.read(columns: file.schema.names, rowGroup: group)
            for (field, column) in zip(batch.schema.fields, batch.columns) where field.type.isPrimitive {
                let low = statistics.minimum(field.name, field.type)
                let high = statistics.maximum(field.name, field.type)
                if low == nil, high == nil { continue }
                if !column.lies(between: low, and: high, field.type) {
                    problems.append("values of \(field.name) lie outside of the bounds that the log states")
                }
            }
        }
        return problems
    }
}

extension ParquetFile {
    /// Reads the whole file: every checksum, every value, and whether the statistics of the row groups are true.
    /// - Returns: what is wrong; empty if nothing is.
    public func verify() throws -> [String] {
        var problems: [String] = []
        for group in 0..<rowGroupCount {
            let batch: RecordBatch
            do {
                batch = try read(columns: schema.names, rowGroup: group)
            } catch let error as ColumnarError {
                problems.append("row group \(group): \(error.message)")
                continue
            }
            for (field, values) in zip(batch.schema.fields, batch.columns) {
                guard let column = columns.first(where: { $0.name == field.name }),
                    case .supported(_, .leaf(let leaf, _)) = column.content
                else { continue }
                let bounds = BoundValues(
                    chunk: metadata.rowGroups[group].columns[leaf.index], leaf: leaf,
                    trusted: metadata.hasColumnOrders)
                if let nulls = bounds.nullCount, nulls != values.nullCount {
                    problems.append(
                        "row group \(group): \(field.name) has \(values.nullCount) nulls, the footer states \(nulls)")
                }
                if !values.lies(between: bounds.minimum, and: bounds.maximum, field.type) {
                    problems.append("row group \(group): \(field.name) has values outside of its stated bounds")
                }
            }
        }
        return problems
    }
}

extension Column {
    /// Whether all values that are there, NaN aside, lie within the bounds that are given.
    fileprivate func lies(between low: Value?, and high: Value?, _ type: ColumnType) -> Bool {
        if low == nil, high == nil { return true }
        for row in 0..<count where !isNull(at: row) {
            let value = value(at: row, type: type)
            if let low, ValueOrder.precedes(value, low) { return false }
            if let high, ValueOrder.precedes(high, value) { return false }
        }
        return true
    }
}
