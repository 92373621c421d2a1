/// Rows in aligned columns, for people; nothing in a cell steers the terminal. Machines get JSON Lines or CSV.
struct TextTable {
    enum Alignment { case left, right }

    private let headers: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// - Parameter columns: header and alignment of each; numbers stand right.
    init(_ columns: [(String, Alignment)]) {
        headers = columns.map(\.0)
        alignments = columns.map(\.1)
    }

    /// - Precondition: as many cells as columns.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == headers.count, "a row has as many cells as the table has columns")
        rows.append(cells.map { PrintableText.escaped($0.replacing("\n", with: " ")) })
    }

    /// The lines, each ending in a line feed; no trailing spaces.
    var text: String {
        let widths = headers.indices.map { column in
            ([headers] + rows).map { Self.width(of: $0[column]) }.max() ?? 0
        }
        return ([headers] + rows).map { Self.line($0, widths: widths, alignments: alignments) + "\n" }.joined()
    }

    /// One row with two spaces between columns and none at the end.
    static func line(_ cells: [String], widths: [Int], alignments: [Alignment]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[column] - width(of: cell)))
            line += alignments[column] == .right ? padding + cell : cell + padding
            if column + 1 < cells.count { line += "  " }
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Columns of a terminal: East Asian wide characters and emoji take two.
    static func width(of text: String) -> Int {
        text.reduce(0) { sum, character in
            let wide = character.unicodeScalars.first.map { scalar in
                (0x1100...0x115F).contains(scalar.value) || (0x2E80...0xA4CF).contains(scalar.value)
                    || (0xAC00...0xD7A3).contains(scalar.value) || (0xF900...0xFAFF).contains(scalar.value)
                    || (0xFE30...0xFE6F).contains(scalar.value) || (0xFF00...0xFF60).contains(scalar.value)
                    || (0xFFE0...0xFFE6).contains(scalar.value) || (0x1F300...0x1FAFF).contains(scalar.value)
                    || (0x20000...0x3FFFD).contains(scalar.value)
            }
            return sum + (wide == true ? 2 : 1)
        }
    }
}
