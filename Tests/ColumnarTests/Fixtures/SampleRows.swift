import Columnar
import Domain

/// Rows of every type the writer has, with and without nulls.
enum SampleRows {
    static let schema = Schema([
        Field("id", .int64, nullable: false), Field("flag", .bool), Field("small", .int32), Field("f", .float),
        Field("d", .double), Field("name", .string), Field("unique", .string, nullable: false),
        Field("raw", .binary), Field("day", .date), Field("at", .timestamp, nullable: false),
        Field("scores", .list(.float, elementNullable: false)), Field("tags", .list(.string, elementNullable: true)),
        Field("attributes", .map(key: .string, value: .int64, valueNullable: true)),
        Field("place", .structure([Field("x", .int32), Field("label", .string)])),
    ])

    static func batch(count: Int, from start: Int = 0, seed: UInt64 = 1) throws -> RecordBatch {
        var random = SeededGenerator(seed: seed &+ UInt64(start))
        var id = PrimitiveColumn<Int64>()
        var flag = PrimitiveColumn<Bool>()
        var small = PrimitiveColumn<Int32>()
        var f = PrimitiveColumn<Float>()
        var d = PrimitiveColumn<Double>()
        var name = BytesColumn()
        var unique = BytesColumn()
        var raw = BytesColumn()
        var day = PrimitiveColumn<Int32>()
        var at = PrimitiveColumn<Int64>()
        var scores = (offsets: [Int32(0)], values: PrimitiveColumn<Float>(), validity: [Bool]())
        var tags = (offsets: [Int32(0)], values: BytesColumn(), validity: [Bool]())
        var attributes = (offsets: [Int32(0)], keys: BytesColumn(), values: PrimitiveColumn<Int64>())
        var place = (x: PrimitiveColumn<Int32>(), label: BytesColumn(), validity: [Bool]())
        for row in start..<start + count {
            func null(_ one: Int) -> Bool { random.below(one) == 0 }
            id.append(Int64(row))
            flag.append(null(10) ? nil : row % 3 == 0)
            small.append(null(7) ? nil : Int32(random.below(50)) - 25)
            f.append(null(9) ? nil : row % 1000 == 999 ? Float.nan : Float(random.uniform() * 10 - 5))
            d.append(null(9) ? nil : random.uniform() * 1e6)
            name.append(null(5) ? nil : "name-\(random.below(40))é")
            unique.append("row-\(row)-\(random.next())")
            if null(6) { raw.appendNull() } else { raw.append([UInt8](repeating: UInt8(row % 256), count: row % 5)) }
            day.append(null(8) ? nil : Int32(19000 + row / 500))
            at.append(1_700_000_000_000_000 + Int64(row) * 1_234_567)
            scores.validity.append(!null(11))
            if scores.validity[row - start] { for k in 0..<row % 4 { scores.values.append(Float(k) * 0.5) } }
            scores.offsets.append(Int32(scores.values.count))
            tags.validity.append(!null(6))
            if tags.validity[row - start] { for k in 0..<row % 3 { tags.values.append(null(4) ? nil : "tag\(k)") } }
            tags.offsets.append(Int32(tags.values.count))
            for k in 0..<row % 3 {
                attributes.keys.append("k\(k)")
                attributes.values.append(null(3) ? nil : Int64(k * row))
            }
            attributes.offsets.append(Int32(attributes.keys.count))
            place.validity.append(!null(5))
            place.x.append(null(3) || !place.validity[row - start] ? nil : Int32(row))
            place.label.append(place.validity[row - start] ? "p\(row % 7)" : nil)
        }
        return try RecordBatch(
            schema: schema,
            columns: [
                .int64(id), .bool(flag), .int32(small), .float(f), .double(d), .string(name), .string(unique),
                .binary(raw), .date(day), .timestamp(at),
                .list(ListColumn(offsets: scores.offsets, elements: .float(scores.values), validity: scores.validity)),
                .list(ListColumn(offsets: tags.offsets, elements: .string(tags.values), validity: tags.validity)),
                .map(
                    MapColumn(
                        offsets: attributes.offsets, keys: .string(attributes.keys), values: .int64(attributes.values))),
                .structure(
                    StructColumn(
                        children: [.int32(place.x), .string(place.label)], count: count, validity: place.validity)),
            ])
    }
}

extension RecordBatch {
    /// The rows as values; a NaN becomes a text, so that it equals itself.
    var rows: [[Value]] {
        (0..<rowCount).map { row in
            (0..<columns.count).map { column in
                switch value(row: row, column: column) {
                case .float(let v) where v.isNaN: .string("NaN")
                case .double(let v) where v.isNaN: .string("NaN")
                case let v: v
                }
            }
        }
    }
}
