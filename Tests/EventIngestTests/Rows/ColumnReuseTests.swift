import Columnar
import Domain
import Testing

@testable import EventIngest

@Suite struct ColumnReuseTests {
    private func columns(_ ids: Range<Int>, text: Bool) -> EventColumns {
        var columns = EventColumns(keepingText: true)
        for id in ids {
            columns.append(
                Event(
                    eventID: "e\(id)", userID: "u", itemID: "i", kind: .review, value: 4,
                    reviewText: text && id % 2 == 0 ? "text \(id)" : nil, at: Timestamp(seconds: 1_790_000_000),
                    source: "test"),
                ingestedAt: Timestamp(seconds: 1_790_000_000))
        }
        return columns
    }

    /// A sink may keep the rows it was given: to empty their columns for the next batch must not change them.
    @Test func rowsThatSomebodyHoldsStay() throws {
        let held = try columns(0..<100, text: true).batch()
        var again = try #require(EventColumns(of: held))
        again.removeAll()
        #expect(again.count == 0 && again.byteCount == 0)
        #expect(held.rowCount == 100 && held.value(row: 98, column: 0) == .string("e98"))
        #expect(held.value(row: 98, column: 5) == .string("text 98") && held.value(row: 99, column: 5) == .null)
    }

    @Test func emptiedColumnsTakeOtherRows() throws {
        var again = try #require(EventColumns(of: try columns(0..<100, text: true).batch()))
        again.removeAll()
        let fresh = columns(500..<503, text: false)
        for id in 500..<503 {
            again.append(
                Event(
                    eventID: "e\(id)", userID: "u", itemID: "i", kind: .review, value: 4, reviewText: nil,
                    at: Timestamp(seconds: 1_790_000_000), source: "test"),
                ingestedAt: Timestamp(seconds: 1_790_000_000))
        }
        let (ours, expected) = (try again.batch(), try fresh.batch())
        for row in 0..<3 {
            for column in 0..<15 {
                #expect(ours.value(row: row, column: column) == expected.value(row: row, column: column))
            }
        }
        #expect(EventColumns(of: try RecordBatch(schema: Schema([]), columns: [])) == nil)
    }
}
