internal import CSQLite

/// One SQL statement, prepared: bound, stepped through, and finalized when it goes.
///
/// Never leaves ``SQLiteConnection``, whose pointer it must not outlive.
struct SQLiteStatement: ~Copyable {
    private let pointer: OpaquePointer
    private let connection: SQLiteConnection

    /// - Parameter rest: SQL behind the statement, as a script has it; it gets what is left.
    /// - Returns: nil for blanks and comments.
    init?(_ sql: inout Substring, on connection: SQLiteConnection) throws(SQLiteError) {
        var text = String(sql)
        var pointer: OpaquePointer?
        let (status, used) = text.withUTF8 { bytes -> (Int32, Int) in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                let status = sqlite3_prepare_v2(
                    connection.pointer, characters.baseAddress, Int32(clamping: characters.count), &pointer, &tail)
                // The tail points into what was given; the difference of the two stays when they are gone.
                guard let tail, let start = characters.baseAddress else { return (status, characters.count) }
                return (status, tail - start)
            }
        }
        try connection.check(status)
        sql = Substring(String(decoding: Array(text.utf8.dropFirst(used)), as: UTF8.self))
        guard let pointer else { return nil }
        self.pointer = pointer
        self.connection = connection
    }

    deinit { sqlite3_finalize(pointer) }

    /// - Precondition: as many values as the statement has places.
    func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        precondition(values.count == Int(sqlite3_bind_parameter_count(pointer)), "a value for each ? of the statement")
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let status: Int32 =
                switch value {
                case .null: sqlite3_bind_null(pointer, place)
                case .integer(let number): sqlite3_bind_int64(pointer, place, number)
                case .real(let number): sqlite3_bind_double(pointer, place, number)
                case .text(var text):
                    text.withUTF8 { bytes in
                        bytes.withMemoryRebound(to: CChar.self) {
                            marquee_sqlite_bind_text(pointer, place, $0.baseAddress, UInt64($0.count))
                        }
                    }
                case .blob(let bytes):
                    bytes.withUnsafeBytes {
                        marquee_sqlite_bind_blob(pointer, place, $0.baseAddress, UInt64($0.count))
                    }
                }
            try connection.check(status)
        }
    }

    /// - Returns: whether there is a row to read.
    func step() throws(SQLiteError) -> Bool {
        let status = sqlite3_step(pointer)
        if status == SQLITE_ROW { return true }
        if status == SQLITE_DONE { return false }
        throw connection.failure(status)
    }

    /// The columns of the row that was stepped to, copied.
    func row() -> SQLiteRow {
        let values = (0..<sqlite3_column_count(pointer)).map { column -> SQLiteValue in
            let count = Int(sqlite3_column_bytes(pointer, column))
            switch sqlite3_column_type(pointer, column) {
            case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, column))
            case SQLITE_FLOAT: return .real(sqlite3_column_double(pointer, column))
            case SQLITE_TEXT:
                let bytes = UnsafeBufferPointer(start: sqlite3_column_text(pointer, column), count: count)
                return .text(String(decoding: bytes, as: UTF8.self))
            case SQLITE_BLOB:
                return .blob([UInt8](UnsafeRawBufferPointer(start: sqlite3_column_blob(pointer, column), count: count)))
            default: return .null
            }
        }
        return SQLiteRow(values: values, path: connection.path)
    }
}

/// One row of a result, whose columns are read by place and type.
public struct SQLiteRow: Sendable {
    let values: [SQLiteValue]
    let path: String

    /// - Throws: ``SQLiteError/wrongColumn(path:column:expected:)``, as the next ones do.
    public func text(_ column: Int) throws(SQLiteError) -> String {
        if case .text(let text) = values[column] { return text }
        throw .wrongColumn(path: path, column: column, expected: "text")
    }

    /// A whole number.
    public func integer(_ column: Int) throws(SQLiteError) -> Int64 {
        if case .integer(let number) = values[column] { return number }
        throw .wrongColumn(path: path, column: column, expected: "whole number")
    }

    /// A number, whole or not.
    public func real(_ column: Int) throws(SQLiteError) -> Double {
        switch values[column] {
        case .real(let number): return number
        case .integer(let number): return Double(number)
        default: throw .wrongColumn(path: path, column: column, expected: "number")
        }
    }

    /// Bytes.
    public func blob(_ column: Int) throws(SQLiteError) -> [UInt8] {
        if case .blob(let bytes) = values[column] { return bytes }
        throw .wrongColumn(path: path, column: column, expected: "blob")
    }

    /// Whether the column is NULL: ask before one of the others where it may be.
    public func isNull(_ column: Int) -> Bool { values[column] == .null }
}
