import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Lists in lists and in structs of lists, null and empty on each level, each of them as the first row of a row group.
struct NestedListTests {
    private static let rows: [[[Int64?]?]?] = [
        nil, [], [nil], [[]], [[nil]], [[1, nil], nil, [], [2]], nil, [[3]], [nil, nil, [4, 5]], [], [[], []],
    ]

    /// list<list<long>>
    private var lists: Column {
        var outer: (offsets: [Int32], validity: [Bool]) = ([0], [])
        var inner: (offsets: [Int32], validity: [Bool]) = ([0], [])
        var numbers: [Int64?] = []
        for row in Self.rows {
            for list in row ?? [] {
                numbers += list ?? []
                inner.offsets.append(Int32(numbers.count))
                inner.validity.append(list != nil)
            }
            outer.offsets.append(Int32(inner.validity.count))
            outer.validity.append(row != nil)
        }
        let values = PrimitiveColumn(numbers.map { $0 ?? 0 }, validity: numbers.map { $0 != nil })
        let elements = Column.list(
            ListColumn(offsets: inner.offsets, elements: .int64(values), validity: inner.validity))
        return .list(ListColumn(offsets: outer.offsets, elements: elements, validity: outer.validity))
    }

    /// list<struct<numbers: list<long>, times: map<long, long>>>, of the same shape.
    private func structs(of lists: Column) throws -> Column {
        guard case .list(let outer) = lists, case .list(let inner) = outer.elements else { throw CancellationError() }
        let keys = PrimitiveColumn((0..<Int64(inner.elements.count)).map { $0 })
        let fields: [Column] = [
            outer.elements,
            .map(
                MapColumn(
                    offsets: inner.offsets, keys: .int64(keys), values: inner.elements, validity: inner.validity)),
        ]
        return .list(
            ListColumn(
                offsets: outer.offsets,
                elements: .structure(StructColumn(children: fields, count: outer.elements.count)),
                validity: outer.validity))
    }

    @Test(arguments: [1, 2, 3, 100]) func everyRowMayBeTheFirst(rowGroupRows: Int) async throws {
        let type = ColumnType.list(.int64, elementNullable: true)
        let element = ColumnType.structure([
            Field("numbers", type), Field("times", .map(key: .int64, value: .int64, valueNullable: true)),
        ])
        let schema = Schema([
            Field("lists", .list(type, elementNullable: true)), Field("structs", .list(element, elementNullable: true)),
        ])
        let lists = lists
        let batch = try RecordBatch(schema: schema, columns: [lists, structs(of: lists)])
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "nested.parquet").path
            var options = ParquetOptions()
            options.rowGroupRows = rowGroupRows
            let writer = try ParquetWriter(path: path, schema: schema, options: options)
            try writer.write(batch)
            _ = try writer.finish()
            var row = 0
            for found in try ParquetFile(path: path).batches() {
                for place in 0..<found.rowCount {
                    for column in 0..<2 {
                        let (ours, theirs) = (
                            found.value(row: place, column: column), batch.value(row: row, column: column)
                        )
                        #expect(ours == theirs, "row \(row)")
                    }
                    row += 1
                }
            }
            #expect(row == Self.rows.count)
        }
    }
}
