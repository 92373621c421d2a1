/// Which column of a file is which field of an event: `user=uid,item=movie,value=stars,at=ts`.
public struct ColumnMap: Sendable, Equatable {
    /// A field of an event that a column can fill. User, item and at must have one; without a column for event,
    /// identifiers are made of what the row says, so that reading it twice gives the same event.
    public enum Field: String, CaseIterable, Sendable {
        case event
        case user
        case item
        case kind
        case value
        case at
        case text
    }

    /// The column of each field: its name in the first line, or its number from 1.
    public private(set) var columns: [Field: String] = [:]

    /// - Returns: nil if the text has another form, names a field twice or one that is none, or lacks user, item or at.
    public init?(_ text: String) {
        for part in text.split(separator: ",") {
            guard let equals = part.firstIndex(of: "="), let field = Field(rawValue: String(part[..<equals])),
                columns[field] == nil, part.index(after: equals) < part.endIndex
            else { return nil }
            columns[field] = String(part[part.index(after: equals)...])
        }
        guard columns[.user] != nil, columns[.item] != nil, columns[.at] != nil else { return nil }
    }
}
