import Domain
import TestSupport
import Testing

@testable import Columnar

/// Conditions on whole numbers, days and instants: what comes out is what values, compared one by one, say.
struct NumberConditionTests {
    private static let count = 300

    private func batch(nulls: Bool) -> RecordBatch {
        var random = SeededGenerator(seed: 8)
        let numbers = (0..<Self.count).map { _ in Int64(random.below(9)) - 4 }
        let validity = nulls ? numbers.map { $0 != 2 } : nil
        let small = PrimitiveColumn(numbers.map { Int32($0) }, validity: validity)
        let large = PrimitiveColumn(numbers, validity: validity)
        let schema = Schema([
            Field("small", .int32), Field("large", .int64), Field("day", .date), Field("at", .timestamp),
            Field("local", .localTimestamp),
        ])
        return RecordBatch(
            unchecked: schema,
            columns: [.int32(small), .int64(large), .date(small), .timestamp(large), .localTimestamp(large)],
            rowCount: Self.count)
    }

    private func value(_ number: Int64, of column: String) -> Value {
        switch column {
        case "day": .date(CalendarDate(days: Int32(number)))
        case "at": .timestamp(Timestamp(microseconds: number))
        case "local": .localTimestamp(Timestamp(microseconds: number))
        default: .int(number)
        }
    }

    @Test(arguments: [false, true], ["small", "large", "day", "at", "local"])
    func comparisons(nulls: Bool, column: String) throws {
        let batch = batch(nulls: nulls)
        let place = try #require(batch.schema.index(of: column))
        for number in -5...5 as ClosedRange<Int64> {
            let wanted = value(number, of: column)
            for comparison in [
                Predicate.Comparison.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
            ] {
                let condition = Predicate.compare(column: column, comparison, wanted)
                let holds = (0..<Self.count).map { comparison.holds(batch.value(row: $0, column: place), wanted) }
                #expect(condition.rows(of: batch) == rows(holds) { $0 == true })
                #expect(Predicate.not(condition).rows(of: batch) == rows(holds) { $0 == false })
            }
        }
    }

    @Test(arguments: [false, true], ["small", "large"])
    func members(nulls: Bool, column: String) throws {
        let batch = batch(nulls: nulls)
        let place = try #require(batch.schema.index(of: column))
        for values in [[], [Value.int(3)], [.int(-4), .int(0), .int(77)], [.int(1), .null], [.null]] as [[Value]] {
            let condition = Predicate.isIn(column: column, values)
            let known = (0..<Self.count).map { row -> Bool? in
                let value = batch.value(row: row, column: place)
                return value == .null ? nil : values.contains(value) ? true : values.contains(.null) ? nil : false
            }
            #expect(condition.rows(of: batch) == rows(known) { $0 == true })
            #expect(Predicate.not(condition).rows(of: batch) == rows(known) { $0 == false })
        }
        // A number that is no whole one is asked of values.
        let half = Predicate.compare(column: column, .less, .double(0.5)).rows(of: batch)
        #expect(half == Predicate.compare(column: column, .lessOrEqual, .int(0)).rows(of: batch))
        #expect(
            Predicate.isIn(column: column, [.double(3)]).rows(of: batch)
                == Predicate.isIn(column: column, [.int(3)]).rows(of: batch))
    }

    private func rows(_ truths: [Bool?], where isWanted: (Bool?) -> Bool) -> [Int32] {
        truths.indices.filter { isWanted(truths[$0]) }.map { Int32($0) }
    }
}
