import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Conditions as users type them.
struct DeltaPredicateTests {
    private static let schema = Schema([
        Field("id", .int64), Field("name", .string), Field("odd name", .string), Field("value", .double),
        Field("at", .timestamp), Field("day", .date), Field("ok", .bool), Field("raw", .binary),
        Field("tags", .list(.string, elementNullable: true)),
    ])

    @Test(
        arguments: [
            ("id = 1", "id = ?"), ("id != -1", "id != ?"), ("id<>1", "id != ?"), ("ID_ = 1", nil),
            ("id < 1.5 and value >= -2e-3", "(id < ? and value >= ?)"),
            ("id = 1 or id = 2 and ok = true", "(id = ? or (id = ? and ok = ?))"),
            ("(id = 1 or id = 2) and ok = FALSE", "((id = ? or id = ?) and ok = ?)"),
            ("name in ('a', \"b\")", "name in (?, ?)"), ("name NOT IN ('a')", "not name in (?)"),
            ("name is null", "name is null"), ("name Is Not Null", "not name is null"),
            ("value is NaN", "value is nan"), ("value is not nan and id = 1", "(not value is nan and id = ?)"),
            ("value = 'NaN'", nil), ("value = nan", nil), ("value in (1, nan)", nil), ("id is nan", nil),
            ("value is 1", nil),
            ("not not name = ''", "not not name = ?"), ("`odd name` = 'it''s'", "odd name = ?"),
            ("at >= '2026-11-20T12:00:00Z' and at < '2026-11-21'", "(at >= ? and at < ?)"),
            ("day = '2026-11-20'", "day = ?"), ("raw = '00ff'", "raw = ?"),
            ("", nil), ("id", nil), ("id =", nil), ("= 1", nil), ("id = 1 2", nil), ("id = 'x'", nil),
            ("name = 1", nil),
            ("name = x", nil), ("name = null", nil), ("(id = 1", nil), ("id in ()", nil), ("id in (1", nil),
            ("name = 'open", nil), ("id ! 1", nil), ("id = 1e999", nil), ("id = 1.2.3", nil), ("day = 'soon'", nil),
            ("raw = '0f0'", nil), ("tags = 'x'", nil), ("id = 1; drop", nil), ("and = 1", nil),
        ] as [(String, String?)])
    func textsAreReadOrRefused(_ text: String, _ form: String?) throws {
        if let form {
            #expect(try Columnar.Predicate(text, schema: Self.schema).form == form)
        } else {
            #expect(throws: ColumnarError.self, "\(text)") { try Columnar.Predicate(text, schema: Self.schema) }
        }
    }

    @Test func valuesHaveTheTypeOfTheirColumn() throws {
        #expect(
            try Columnar.Predicate("name = 'it''s \"x\"'", schema: Self.schema)
                == .compare(column: "name", .equal, .string("it's \"x\"")))
        #expect(
            try Columnar.Predicate("value in (1, 2.5)", schema: Self.schema)
                == .isIn(column: "value", [.double(1), .double(2.5)]))
        #expect(
            try Columnar.Predicate("id = 9223372036854775807", schema: Self.schema)
                == .compare(column: "id", .equal, .int(.max)))
        // A quote with a combining mark behind it is a quote still.
        #expect(
            try Columnar.Predicate("name = '\u{301}'", schema: Self.schema)
                == .compare(column: "name", .equal, .string("\u{301}")))
    }

    @Test func depthIsBounded() throws {
        let deep = String(repeating: "(", count: 100_000) + "id = 1" + String(repeating: ")", count: 100_000)
        #expect(throws: ColumnarError.self) { try Columnar.Predicate(deep, schema: Self.schema) }
        #expect(throws: ColumnarError.self) {
            try Columnar.Predicate(String(repeating: "not ", count: 100_000) + "id = 1", schema: Self.schema)
        }
        let wide = Array(repeating: "id = 1", count: 10_000).joined(separator: " or ")
        #expect(throws: Never.self) { try Columnar.Predicate(wide, schema: Self.schema) }
    }

    /// NaN equals nothing and is in no bounds; it is found by asking for it, and by nothing else.
    @Test func notANumberCanBeAskedFor() async throws {
        try await withTemporaryFolder { folder in
            let schema = Schema([Field("id", .int64, nullable: false), Field("value", .double), Field("small", .float)])
            let table = try DeltaTable.create(at: folder.path, schema: schema)
            for values in [[1, .nan, nil, 3], [4, 5, nil, 6], [.nan, .nan, .nan, .nan]] as [[Double?]] {
                let column = PrimitiveColumn(values.map { $0 ?? 0 }, validity: values.map { $0 != nil })
                _ = try table.append([
                    RecordBatch(
                        schema: schema,
                        columns: [
                            .int64(PrimitiveColumn([1, 2, 3, 4])), .double(column),
                            .float(PrimitiveColumn(values.map { Float($0 ?? 0) }, validity: column.validity)),
                        ])
                ])
            }
            func rows(_ text: String) throws -> Int {
                let snapshot = try table.snapshot()
                var scan = try snapshot.scan(where: Columnar.Predicate(text, schema: snapshot.schema))
                var count = 0
                while let batch = try scan.next() { count += batch.rowCount }
                return count
            }
            for name in ["value", "small"] {
                #expect(try rows("\(name) is nan") == 5)
                #expect(try rows("\(name) is not nan") == 5, "nulls are neither")
                #expect(try rows("not \(name) is nan and \(name) > 3") == 3)
                #expect(try rows("\(name) is nan or \(name) is null") == 7)
            }
            let snapshot = try table.snapshot()
            let error = #expect(throws: ColumnarError.self) {
                try Columnar.Predicate("value = 'NaN'", schema: snapshot.schema)
            }
            #expect(error?.message.contains("write 'value is nan'") == true)
            #expect(
                try table.delete(where: Columnar.Predicate("value is nan", schema: snapshot.schema)).rowsDeleted == 5)
            #expect(try rows("value is nan") == 0 && rows("id > 0") == 7)
        }
    }
}
