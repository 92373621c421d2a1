internal import Delimited
internal import Domain

/// One table of a person's archive while its records come in: as JSON Lines, from which the other forms are made.
struct ArchiveTable: Sendable {
    /// Of its files, without an extension: ASCII.
    let name: String
    /// What it is, for the page.
    let title: String
    /// What it holds and what for, for the page.
    let words: [String]
    private(set) var count = 0
    private(set) var lines: [UInt8] = []
    /// Names of all records' members, of inner objects with a point between, in the order in which they came up.
    private(set) var columns: [String] = []
    private var known: Set<[UInt8]> = []
    /// The first records, for the page.
    private(set) var first: [[(name: String, value: JSONValue)]] = []
    private static let shown = 50

    init(_ name: String, _ title: String, _ words: [String] = []) {
        self.name = name
        self.title = title
        self.words = words
    }

    mutating func add(_ records: [JSONValue]) {
        for record in records {
            var line = JSONWriter()
            line.value(record)
            line.newline()
            lines += line.bytes
            count += 1
            let cells = Self.cells(of: record)
            // By bytes, as the names of members are told apart.
            for cell in cells where known.insert(Array(cell.name.utf8)).inserted { columns.append(cell.name) }
            if first.count < Self.shown { first.append(cells) }
        }
    }

    /// Lets go of the records; what the page shows stays.
    mutating func forgetLines() { lines = [] }

    /// The same as separated values with a line of names: an inner object has a column for each member, an array is JSON.
    func separatedValues() throws -> [UInt8] {
        var text: [UInt8] = []
        func end(_ place: Int) { text.append(UInt8(ascii: place == columns.count - 1 ? "\n" : ",")) }
        for (place, column) in columns.enumerated() {
            SeparatedText.append(harmless: column, to: &text)
            end(place)
        }
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let cells = Self.cells(of: try JSONValue(parsing: Array(line)))
            let values = Dictionary(cells.map { (Array($0.name.utf8), $0.value) }, uniquingKeysWith: { $1 })
            for (place, column) in columns.enumerated() {
                if let value = values[Array(column.utf8)] { Self.append(value, to: &text) }
                end(place)
            }
        }
        return text
    }

    /// A value as people read it.
    static func words(_ value: JSONValue) -> String {
        if case .text(let text) = value { return text }
        if case .null = value { return "" }
        var json = JSONWriter()
        json.value(value)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        // A number is none of somebody's texts, and a minus belongs to it.
        if case .text(let text) = value {
            SeparatedText.append(harmless: text, to: &bytes)
        } else {
            SeparatedText.append(words(value), to: &bytes)
        }
    }

    private static func cells(of record: JSONValue) -> [(name: String, value: JSONValue)] {
        guard case .object(let members) = record else { return [("value", record)] }
        return members.flatMap { member -> [(name: String, value: JSONValue)] in
            guard case .object = member.value else { return [(member.name, member.value)] }
            return cells(of: member.value).map { ("\(member.name).\($0.name)", $0.value) }
        }
    }
}
