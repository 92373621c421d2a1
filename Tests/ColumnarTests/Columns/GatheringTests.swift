import Domain
import TestSupport
import Testing

@testable import Columnar

/// Rows taken out of columns: one by one where they are scattered, in one go where they stand together.
struct GatheringTests {
    private static let count = 4000

    private func column(nulls: Bool) -> BytesColumn {
        BytesColumn(
            (0..<Self.count).map { row -> String? in
                nulls && row % 5 == 2 ? nil : String(repeating: "ä", count: row % 7) + "\(row)"
            })
    }

    /// Every other row, two of three, a few, backwards, some twice, long runs, none, all.
    private static let choices: [[Int32]] = [
        Array(stride(from: 0, to: Int32(count), by: 2)), (0..<Int32(count)).filter { $0 % 3 != 1 }, [7, 9, 3999],
        (0..<Int32(count)).reversed(), [5, 5, 4, 5, 0], Array(100..<3000) + Array(3500..<3999), [],
        Array(0..<Int32(count)),
    ]

    @Test(arguments: [false, true], choices.indices)
    func rowsAreThoseAsked(nulls: Bool, choice: Int) {
        let (texts, rows) = (column(nulls: nulls), Self.choices[choice])
        let numbers = PrimitiveColumn((0..<Int64(Self.count)).map { $0 * 3 }, validity: texts.validity)
        let schema = Schema([Field("text", .string, nullable: true), Field("number", .int64, nullable: true)])
        let batch = RecordBatch(
            unchecked: schema, columns: [.string(texts), .int64(numbers)], rowCount: Self.count)
        let found = batch.gathered(rows)
        #expect(found.rowCount == rows.count)
        let same = rows.indices.allSatisfy { place in
            (0..<2).allSatisfy { found.value(row: place, column: $0) == batch.value(row: Int(rows[place]), column: $0) }
        }
        #expect(same)
    }

    /// The rows of a group that are left are those that no range has, wherever the group begins and ends.
    @Test func whatIsLeftOfAGroup() throws {
        var deleted = DeletedRows()
        for row in stride(from: Int64(0), to: 300, by: 2) { try deleted.append(row..<row + 1) }
        try deleted.append(400..<500)
        func isDeleted(_ row: Int) -> Bool { row < 300 ? row % 2 == 0 : 400..<500 ~= row }
        for start in [0, 1, 2, 299, 300, 399, 400, 450, 499, 500, 900] {
            for count in [1, 2, 3, 99, 100, 101, 250, 1000] {
                let left = (0..<count).filter { !isDeleted(start + $0) }
                let selection = deleted.remaining(from: Int64(start), count: count)
                #expect(selection?.count ?? count == left.count)
                #expect(selection.map { $0.ranges.flatMap(Array.init) } ?? Array(0..<count) == left)
            }
        }
    }
}
