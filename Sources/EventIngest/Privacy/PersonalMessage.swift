internal import Columnar
internal import Domain
internal import Store

/// Whom a message is about that could not be read.
enum PersonalMessage {
    /// The dead letters that have an identifier in their key or payload.
    static func rows(of user: String) -> RowMatch {
        let search = IdentifierSearch(user)
        return RowMatch(columns: [DeadLetterColumn.key, DeadLetterColumn.payload]) { batch in
            let columns = try [DeadLetterColumn.key, DeadLetterColumn.payload].map {
                try batch.column(named: $0).byteStrings
            }
            return (0..<batch.rowCount).map { row in
                columns.contains { column in
                    guard let column, !column.isNull(at: row) else { return false }
                    return column.withBytes(of: row) { names(user, search, $0) }
                }
            }
        }
    }

    private static func names(_ user: String, _ search: IdentifierSearch, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if search.isFound(in: UnsafeRawBufferPointer(bytes)) { return true }
        // JSON has several forms of one text.
        guard bytes.contains(UInt8(ascii: "\\")), let json = try? JSONValue(parsing: Array(bytes)) else { return false }
        return json.hasText(user)
    }
}

extension JSONValue {
    fileprivate func hasText(_ wanted: String) -> Bool {
        switch self {
        case .text(let text): text.utf8.elementsEqual(wanted.utf8)
        case .array(let values): values.contains { $0.hasText(wanted) }
        case .object(let members): members.contains { $0.value.hasText(wanted) }
        default: false
        }
    }
}
