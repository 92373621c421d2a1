/// Rows in aligned columns, for people, fitted to the width of a page; nothing in a cell steers the terminal. Machines
/// get JSON.
struct TextTable {
    /// Left columns give way where the table is too wide; right ones, for figures and times, are never cut.
    enum Alignment { case left, right }

    /// What becomes of cells for which there is no room.
    enum Overflow {
        /// They end in an ellipsis.
        case clip
        /// They go on in the next line, broken anywhere.
        case fold
        /// They go on in the next line, broken at spaces; headers do, too.
        case wrap
        /// They stick out: paths that are to be copied.
        case keep
    }

    private let headers: [String]
    private let alignments: [Alignment]
    private let overflow: Overflow
    private var rows: [(cells: [String], note: String?)] = []

    /// - Parameter columns: header and alignment of each; numbers stand right.
    init(_ columns: [(String, Alignment)], overflow: Overflow = .clip) {
        headers = columns.map(\.0)
        alignments = columns.map(\.1)
        self.overflow = overflow
    }

    /// - Parameter note: stands below the row, indented and wrapped.
    /// - Precondition: as many cells as columns.
    mutating func add(_ cells: [String], note: String? = nil) {
        precondition(cells.count == headers.count, "a row has as many cells as the table has columns")
        rows.append((cells.map(Self.printable), note.map(Self.printable)))
    }

    private static func printable(_ text: String) -> String {
        PrintableText.escaped(text.replacing("\n", with: " "))
    }

    /// The lines, each ending in a line feed; no trailing spaces.
    var text: String {
        let natural = headers.indices.map { column in
            ([headers] + rows.map(\.cells)).map { TextLayout.columns(of: $0[column]) }.max() ?? 0
        }
        let isFitted = overflow != .keep
        let fitted = isFitted ? TextLayout.fitted(natural, mayShrink: alignments.map { $0 == .left }) : nil
        let widths = fitted ?? natural
        var text = overflow == .wrap ? lines(headers, widths) : line(headers, widths)
        for row in rows {
            text += lines(row.cells, widths)
            if let note = row.note { text += TextLayout.wrapped("    " + note, indent: 4) + "\n" }
        }
        return text
    }

    /// A row in as many lines as it takes.
    private func lines(_ cells: [String], _ widths: [Int]) -> String {
        let parts = cells.enumerated().map { column, cell in
            let width = max(1, widths[column])
            return switch overflow {
            case .clip, .keep: [cell]
            case .fold: TextLayout.folded(cell, to: width)
            case .wrap:
                TextLayout.wrapped(cell, indent: 0, width: width).split(
                    separator: "\n", omittingEmptySubsequences: false
                )
                .flatMap { TextLayout.folded(String($0), to: width) }
            }
        }
        return (0..<(parts.map(\.count).max() ?? 1))
            .map { place in line(parts.map { place < $0.count ? $0[place] : "" }, widths) }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let clipped = cells.enumerated().map { alignments[$0] == .left ? TextLayout.clipped($1, to: widths[$0]) : $1 }
        return Self.line(clipped, widths: widths, alignments: alignments) + "\n"
    }

    /// One row with two spaces between columns and none at the end.
    static func line(_ cells: [String], widths: [Int], alignments: [Alignment]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[column] - TextLayout.columns(of: cell)))
            line += alignments[column] == .right ? padding + cell : cell + padding
            if column + 1 < cells.count { line += "  " }
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// Names with values beside them, for people; long values are wrapped.
struct FactTable {
    private var facts: [(name: String, value: String)] = []

    /// - Parameter name: empty for what belongs to the fact before.
    mutating func add(_ name: String, _ value: String) {
        facts.append((PrintableText.escaped(name), PrintableText.escaped(value.replacing("\n", with: " "))))
    }

    /// The lines, each ending in a line feed.
    var text: String {
        let left = min(30, facts.map { TextLayout.columns(of: $0.name) }.max() ?? 0)
        return facts.map { fact in
            let indent = left + 2
            let lead = fact.name + String(repeating: " ", count: max(0, indent - TextLayout.columns(of: fact.name)))
            let isLong = TextLayout.columns(of: fact.name) > left
            let first = isLong ? fact.name + "\n" : ""
            // Of a path that is longer than a line every piece is shown.
            let words = fact.value.split(separator: " ", omittingEmptySubsequences: false)
                .flatMap { TextLayout.folded(String($0), to: TextLayout.width - indent) }
            let line = (isLong ? String(repeating: " ", count: indent) : lead) + words.joined(separator: " ")
            return first + TextLayout.wrapped(line, indent: indent) + "\n"
        }.joined()
    }
}
