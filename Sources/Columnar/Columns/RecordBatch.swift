/// Some rows of a table, column by column.
public struct RecordBatch: Sendable {
    public let schema: Schema
    public let columns: [Column]
    public let rowCount: Int

    /// - Throws: ``ColumnarError/schemaMismatch(reason:)`` if the columns are not those of the schema, differ in length
    ///   or hold nulls where the schema allows none. O(rows) for the null check of required columns with validity.
    public init(schema: Schema, columns: [Column]) throws {
        guard schema.fields.count == columns.count else {
            throw ColumnarError.schemaMismatch(
                reason: "\(columns.count) columns were given for \(schema.fields.count) fields")
        }
        rowCount = columns.first?.count ?? 0
        for (field, column) in zip(schema.fields, columns) {
            guard column.count == rowCount else {
                throw ColumnarError.schemaMismatch(
                    reason: "column \(field.name) has \(column.count) rows, the first has \(rowCount)")
            }
            guard column.fits(field.type) else {
                throw ColumnarError.schemaMismatch(reason: "column \(field.name) is not \(field.type)")
            }
            guard field.nullable || column.nullCount == 0 else {
                throw ColumnarError.schemaMismatch(reason: "column \(field.name) is required but has nulls")
            }
        }
        self.schema = schema
        self.columns = columns
    }

    /// For readers, which build columns by the schema.
    init(unchecked schema: Schema, columns: [Column], rowCount: Int) {
        self.schema = schema
        self.columns = columns
        self.rowCount = rowCount
    }

    /// - Throws: ``ColumnarError/noSuchColumn(name:available:)``
    public func column(named name: String) throws -> Column {
        guard let index = schema.index(of: name) else {
            throw ColumnarError.noSuchColumn(name: name, available: schema.names)
        }
        return columns[index]
    }
}

extension Column {
    /// Whether the container is the one for `type`, down to the leaves.
    func fits(_ type: ColumnType) -> Bool {
        switch (self, type) {
        case (.bool, .bool), (.int32, .int32), (.int64, .int64), (.float, .float), (.double, .double): true
        case (.string, .string), (.binary, .binary), (.date, .date), (.timestamp, .timestamp): true
        case (.localTimestamp, .localTimestamp): true
        case (.decimal, .decimal): true
        case (.list(let c), .list(let element, let nullable)):
            c.elements.fits(element) && (nullable || c.elements.nullCount == 0)
        case (.map(let c), .map(let key, let value, let nullable)):
            c.keys.fits(key) && c.keys.nullCount == 0 && c.values.fits(value) && (nullable || c.values.nullCount == 0)
        case (.structure(let c), .structure(let fields)):
            c.children.count == fields.count && zip(c.children, fields).allSatisfy { $0.fits($1.type) }
        default: false
        }
    }
}
