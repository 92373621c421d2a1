/// One named column of a ``Schema``, or one field of a struct.
public struct Field: Hashable, Sendable {
    public var name: String
    public var type: ColumnType
    public var nullable: Bool

    /// A column that may hold nulls unless told otherwise. Whether a table takes the name and type shows when it is
    /// made.
    public init(_ name: String, _ type: ColumnType, nullable: Bool = true) {
        self.name = name
        self.type = type
        self.nullable = nullable
    }
}

/// The columns of a table, file or batch, in order.
public struct Schema: Hashable, Sendable {
    public var fields: [Field]

    /// The columns in this order. Nothing is checked here: a table refuses names that stand twice
    /// or differ in case only when it is made.
    public init(_ fields: [Field]) { self.fields = fields }
    public init(fields: [Field]) { self.fields = fields }

    /// The names of the columns, in order. Of structs the outer ones only.
    public var names: [String] { fields.map(\.name) }

    /// The position of the column called `name`, or nil. O(columns).
    public func index(of name: String) -> Int? { fields.firstIndex { $0.name == name } }

    /// The first column called `name`, or nil. Case counts. O(columns).
    public subscript(name: String) -> Field? { fields.first { $0.name == name } }

    /// The columns of the given names, in that order.
    /// - Throws: ``ColumnarError/noSuchColumn(name:available:)``
    public func selecting(_ columns: [String]) throws -> Schema {
        try Schema(
            columns.map { name in
                guard let field = self[name] else { throw ColumnarError.noSuchColumn(name: name, available: names) }
                return field
            })
    }
}
