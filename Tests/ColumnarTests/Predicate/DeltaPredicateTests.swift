import Domain
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
            #expect(try Predicate(text, schema: Self.schema).form == form)
        } else {
            #expect(throws: ColumnarError.self, "\(text)") { try Predicate(text, schema: Self.schema) }
        }
    }

    @Test func valuesHaveTheTypeOfTheirColumn() throws {
        #expect(
            try Predicate("name = 'it''s \"x\"'", schema: Self.schema)
                == .compare(column: "name", .equal, .string("it's \"x\"")))
        #expect(
            try Predicate("value in (1, 2.5)", schema: Self.schema)
                == .isIn(column: "value", [.double(1), .double(2.5)]))
        #expect(
            try Predicate("id = 9223372036854775807", schema: Self.schema)
                == .compare(column: "id", .equal, .int(.max)))
        // A quote with a combining mark behind it is a quote still.
        #expect(
            try Predicate("name = '\u{301}'", schema: Self.schema)
                == .compare(column: "name", .equal, .string("\u{301}")))
    }

    @Test func depthIsBounded() throws {
        let deep = String(repeating: "(", count: 100_000) + "id = 1" + String(repeating: ")", count: 100_000)
        #expect(throws: ColumnarError.self) { try Predicate(deep, schema: Self.schema) }
        #expect(throws: ColumnarError.self) {
            try Predicate(String(repeating: "not ", count: 100_000) + "id = 1", schema: Self.schema)
        }
        let wide = Array(repeating: "id = 1", count: 10_000).joined(separator: " or ")
        #expect(throws: Never.self) { try Predicate(wide, schema: Self.schema) }
    }
}
