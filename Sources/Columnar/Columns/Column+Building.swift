import Domain

extension Column {
    /// `count` rows of one value, such as that of a partition column.
    init(repeating value: Value, _ type: ColumnType, count: Int) throws {
        func primitive<T>(_ element: T) -> PrimitiveColumn<T> {
            PrimitiveColumn([T](repeating: element, count: count))
        }
        func bytes(_ text: [UInt8]) throws -> BytesColumn {
            guard text.count * count <= Int(Int32.max) else {
                throw ColumnarError.schemaMismatch(reason: "a repeated text grows over 2 GB")
            }
            var all: [UInt8] = []
            all.reserveCapacity(text.count * count)
            for _ in 0..<count { all.append(contentsOf: text) }
            return BytesColumn(offsets: (0...count).map { Int32($0 * text.count) }, bytes: all)
        }
        switch (type, value) {
        case (.bool, .bool(let v)): self = .bool(primitive(v))
        case (.int32, .int(let v)):
            guard let narrow = Int32(exactly: v) else {
                throw ColumnarError.schemaMismatch(reason: "\(v) is out of the range of an integer")
            }
            self = .int32(primitive(narrow))
        case (.int64, .int(let v)): self = .int64(primitive(v))
        case (.float, .float(let v)): self = .float(primitive(v))
        case (.double, .double(let v)): self = .double(primitive(v))
        case (.date, .date(let v)): self = .date(primitive(v.days))
        case (.timestamp, .timestamp(let v)): self = .timestamp(primitive(v.microseconds))
        case (.localTimestamp, .localTimestamp(let v)): self = .localTimestamp(primitive(v.microseconds))
        case (.decimal(_, let scale), .decimal(let v)) where v.scale == scale: self = .decimal(primitive(v.unscaled))
        case (.string, .string(let v)): self = .string(try bytes(Array(v.utf8)))
        case (.binary, .binary(let v)): self = .binary(try bytes(v))
        case (_, .null): self = try Column(nulls: count, type)
        // Never a made-up value in place of one that does not fit.
        default: throw ColumnarError.schemaMismatch(reason: "\(value) is no \(type)")
        }
    }

    /// `count` nulls.
    private init(nulls count: Int, _ type: ColumnType) throws {
        let validity = [Bool](repeating: false, count: count)
        func primitive<T>(_ filler: T) -> PrimitiveColumn<T> {
            PrimitiveColumn([T](repeating: filler, count: count), validity: validity)
        }
        func bytes() -> BytesColumn {
            BytesColumn(offsets: [Int32](repeating: 0, count: count + 1), bytes: [], validity: validity)
        }
        switch type {
        case .bool: self = .bool(primitive(false))
        case .int32: self = .int32(primitive(0))
        case .int64: self = .int64(primitive(0))
        case .float: self = .float(primitive(0))
        case .double: self = .double(primitive(0))
        case .date: self = .date(primitive(0))
        case .timestamp: self = .timestamp(primitive(0))
        case .localTimestamp: self = .localTimestamp(primitive(0))
        case .decimal: self = .decimal(primitive(0))
        case .string: self = .string(bytes())
        case .binary: self = .binary(bytes())
        case .list(let element, _):
            let empty = try Column(repeating: .null, element, count: 0)
            self = .list(
                ListColumn(offsets: [Int32](repeating: 0, count: count + 1), elements: empty, validity: validity))
        case .map(let key, let inner, _):
            self = .map(
                MapColumn(
                    offsets: [Int32](repeating: 0, count: count + 1),
                    keys: try Column(repeating: .null, key, count: 0),
                    values: try Column(repeating: .null, inner, count: 0), validity: validity))
        case .structure(let fields):
            self = .structure(
                StructColumn(
                    children: try fields.map { try Column(repeating: .null, $0.type, count: count) }, count: count,
                    validity: validity))
        }
    }

    /// The column as `type`, where a file stores a narrower one than the table states.
    func widened(to type: ColumnType, from stored: ColumnType, name: String, file: String) throws -> Column {
        if fits(type), stored.isLaidOut(as: type) { return self }
        switch (self, type) {
        case (.int32(let c), .int64): return .int64(.init(c.values.map { Int64($0) }, validity: c.validity))
        case (.float(let c), .double): return .double(.init(c.values.map { Double($0) }, validity: c.validity))
        case (.int32(let c), .double): return .double(.init(c.values.map { Double($0) }, validity: c.validity))
        case (.binary(let c), .string): return .string(c)
        case (.date(let c), .localTimestamp):
            return .localTimestamp(.init(c.values.map { Int64($0) * 86_400_000_000 }, validity: c.validity))
        case (.int32(let c), .decimal(_, let scale)):
            return .decimal(try c.scaled(by: scale, name: name, file: file))
        case (.int64(let c), .decimal(_, let scale)):
            return .decimal(try c.scaled(by: scale, name: name, file: file))
        case (.decimal(let c), .decimal(_, let scale)):
            guard case .decimal(_, let old) = stored, old <= scale else { break }
            return .decimal(try c.scaled(by: scale - old, name: name, file: file))
        // Engines differ in whether they mark stored instants as UTC; a table's `timestamp` always is.
        case (.localTimestamp(let c), .timestamp): return .timestamp(c)
        case (.structure(let c), .structure(let fields)):
            guard case .structure(let old) = stored else { break }
            let children = try fields.map { field -> Column in
                guard let index = old.firstIndex(where: { $0.name == field.name }) else {
                    return try Column(repeating: .null, field.type, count: c.count)
                }
                return try c.children[index].widened(to: field.type, from: old[index].type, name: name, file: file)
            }
            return .structure(StructColumn(children: children, count: c.count, validity: c.validity))
        case (.list(let c), .list(let element, _)):
            guard case .list(let old, _) = stored else { break }
            let elements = try c.elements.widened(to: element, from: old, name: name, file: file)
            return .list(ListColumn(offsets: c.offsets, elements: elements, validity: c.validity))
        case (.map(let c), .map(let key, let value, _)):
            guard case .map(let oldKey, let oldValue, _) = stored else { break }
            return .map(
                MapColumn(
                    offsets: c.offsets, keys: try c.keys.widened(to: key, from: oldKey, name: name, file: file),
                    values: try c.values.widened(to: value, from: oldValue, name: name, file: file),
                    validity: c.validity))
        default: break
        }
        throw ColumnarError.malformed(file: file, reason: "column \(name) is \(stored), the table states \(type)")
    }

    /// `rows` as ranges of neighbours that follow each other; nil where these are so short that copying row by row is
    /// faster.
    private static func runs(_ rows: [Int32]) -> [Range<Int>]? {
        let most = rows.count / 8
        var runs: [Range<Int>] = []
        var start = 0
        for i in rows.indices where i + 1 == rows.count || rows[i + 1] != rows[i] + 1 {
            // Scattered rows show it after an eighth of them.
            guard runs.count < most else { return nil }
            runs.append(Int(rows[start])..<Int(rows[i]) + 1)
            start = i + 1
        }
        return runs
    }

    /// The rows at `rows`, in that order.
    func gathered(_ rows: [Int32]) -> Column {
        func valid(_ validity: [Bool]?) -> [Bool]? { validity.map { v in rows.map { v[Int($0)] } } }
        // Rows of one day, say, mostly stand together: what stands together is copied in one go.
        let runs = Self.runs(rows)
        func primitive<T>(_ c: PrimitiveColumn<T>) -> PrimitiveColumn<T> {
            guard let runs else { return PrimitiveColumn(rows.map { c.values[Int($0)] }, validity: valid(c.validity)) }
            var values: [T] = []
            values.reserveCapacity(rows.count)
            for run in runs { values.append(contentsOf: c.values[run]) }
            return PrimitiveColumn(values, validity: valid(c.validity))
        }
        func bytes(_ c: BytesColumn) -> BytesColumn {
            guard let runs else { return c.scattered(rows, validity: valid(c.validity)) }
            var result = BytesColumn()
            result.reserveCapacity(rows: rows.count, bytes: c.count == 0 ? 0 : c.bytes.count / c.count * rows.count)
            c.bytes.withUnsafeBufferPointer { source in
                for run in runs {
                    let start = c.offsets[run.lowerBound]
                    let shift = Int32(result.bytes.count) - start
                    result.bytes.append(contentsOf: source[Int(start)..<Int(c.offsets[run.upperBound])])
                    let ends = c.offsets[run.lowerBound + 1...run.upperBound]
                    result.offsets.append(contentsOf: ends.lazy.map { $0 + shift })
                }
            }
            result.validity = valid(c.validity)
            return result
        }
        func nested(_ offsets: [Int32]) -> (offsets: [Int32], inner: [Int32]) {
            var result: [Int32] = [0]
            var inner: [Int32] = []
            for row in rows {
                inner.append(contentsOf: offsets[Int(row)]..<offsets[Int(row) + 1])
                result.append(Int32(inner.count))
            }
            return (result, inner)
        }
        switch self {
        case .bool(let c): return .bool(primitive(c))
        case .int32(let c): return .int32(primitive(c))
        case .int64(let c): return .int64(primitive(c))
        case .float(let c): return .float(primitive(c))
        case .double(let c): return .double(primitive(c))
        case .date(let c): return .date(primitive(c))
        case .timestamp(let c): return .timestamp(primitive(c))
        case .localTimestamp(let c): return .localTimestamp(primitive(c))
        case .decimal(let c): return .decimal(primitive(c))
        case .string(let c): return .string(bytes(c))
        case .binary(let c): return .binary(bytes(c))
        case .list(let c):
            let (offsets, inner) = nested(c.offsets)
            return .list(
                ListColumn(offsets: offsets, elements: c.elements.gathered(inner), validity: valid(c.validity)))
        case .map(let c):
            let (offsets, inner) = nested(c.offsets)
            return .map(
                MapColumn(
                    offsets: offsets, keys: c.keys.gathered(inner), values: c.values.gathered(inner),
                    validity: valid(c.validity)))
        case .structure(let c):
            return .structure(
                StructColumn(
                    children: c.children.map { $0.gathered(rows) }, count: rows.count, validity: valid(c.validity)))
        }
    }
}

extension PrimitiveColumn where Element: BinaryInteger {
    /// The numbers as decimals with `digits` more digits behind the point.
    fileprivate func scaled(by digits: Int, name: String, file: String) throws -> PrimitiveColumn<Int128> {
        let power = DecimalNumber.power(digits)
        return PrimitiveColumn<Int128>(
            try values.map { value in
                let (product, overflow) = Int128(value).multipliedReportingOverflow(by: power)
                guard !overflow else {
                    throw ColumnarError.malformed(file: file, reason: "a value of column \(name) has over 38 digits")
                }
                return product
            }, validity: validity)
    }
}

extension ColumnType {
    /// Whether values of columns that are alike mean the same: names of fields, digits behind points.
    fileprivate func isLaidOut(as other: ColumnType) -> Bool {
        switch (self, other) {
        case (.decimal(_, let a), .decimal(_, let b)): a == b
        case (.list(let a, _), .list(let b, _)): a.isLaidOut(as: b)
        case (.map(let a, let x, _), .map(let b, let y, _)): a.isLaidOut(as: b) && x.isLaidOut(as: y)
        case (.structure(let a), .structure(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && $0.type.isLaidOut(as: $1.type) }
        default: true
        }
    }
}

extension RecordBatch {
    /// The columns of `schema`, which are all in this batch.
    func selecting(_ schema: Schema) -> RecordBatch {
        if schema == self.schema { return self }
        let columns = schema.fields.compactMap { field in self.schema.index(of: field.name).map { self.columns[$0] } }
        return RecordBatch(unchecked: schema, columns: columns, rowCount: rowCount)
    }

    /// The rows for which `mask` is true.
    func filtered(by mask: [Bool]) -> RecordBatch {
        var rows: [Int32] = []
        for (row, keep) in mask.enumerated() where keep { rows.append(Int32(row)) }
        return gathered(rows)
    }

    func gathered(_ rows: [Int32]) -> RecordBatch {
        if rows.count == rowCount, rows.last.map({ Int($0) == rowCount - 1 }) ?? true, rows.first ?? 0 == 0,
            zip(rows, rows.dropFirst()).allSatisfy({ $0 < $1 })
        {
            return self
        }
        return RecordBatch(unchecked: schema, columns: columns.map { $0.gathered(rows) }, rowCount: rows.count)
    }
}
