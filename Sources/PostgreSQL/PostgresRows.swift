internal import CPostgres

/// What a statement answered.
public final class PostgresRows {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    /// Rows that came.
    public var count: Int { Int(PQntuples(result)) }
    /// What was done, as the server calls it: `COMMIT`, `INSERT 0 5`.
    public var tag: String { String(cString: PQcmdStatus(result)) }
    /// How many rows were inserted, changed or deleted.
    public var changed: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// A value in the server's text form; nil is null.
    public subscript(row: Int, column: Int) -> String? {
        precondition(row < count && column < Int(PQnfields(result)), "there is no such value")
        guard PQgetisnull(result, Int32(row), Int32(column)) == 0 else { return nil }
        return String(cString: PQgetvalue(result, Int32(row), Int32(column)))
    }
}

/// Values in the text forms that parameters have.
public enum PostgresText {
    /// An array, for `$1::text[]` and others.
    public static func array(_ values: [String]) -> String {
        let elements = values.map { value in
            "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
        }
        return "{\(elements.joined(separator: ","))}"
    }
}
