internal import Foundation

extension ReportPage {
    /// The summary for a pull request: the verdict, the first table, and the rest folded. Plots stay in the page; their
    /// numbers are in the tables.
    public func markdown() -> String {
        var text = "### \(Self.plain(verdict))\n\n"
        for note in notes where !note.isEmpty { text += "\(Self.plain(note))\n\n" }
        for (place, section) in sections.enumerated() {
            let tables = section.tables.filter { !$0.rows.isEmpty }
            guard !section.text.isEmpty || !tables.isEmpty else { continue }
            let body =
                section.text.map { "\(Self.plain($0))\n\n" }.joined()
                + tables.map { (tables.count > 1 ? "**\(Self.plain($0.title))**\n\n" : "") + Self.table($0) }.joined()
            let title = Self.plain(section.title)
            // The first section is what the verdict is about.
            text +=
                place == 0
                ? "#### \(title)\n\n\(body)" : "<details><summary>\(title)</summary>\n\n\(body)</details>\n\n"
        }
        return text
    }

    private static func table(_ table: ReportTable) -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        let rows = table.rows.map { row in
            row.map { cell in
                let (value, interval) = cell.words
                return plain(value) + (interval.map { " (\(plain($0)))" } ?? "")
            }
        }
        let rule = table.columns.enumerated().map { place, _ in
            if place == 0 { return ":--" }
            if let cell = table.rows.first.flatMap({ place < $0.count ? $0[place] : nil }), case .text = cell {
                return ":--"
            }
            return "--:"
        }
        return line(table.columns.map(plain)) + line(rule) + rows.map(line).joined() + "\n"
    }

    /// Text that stays text: names of models and sources may hold anything.
    static func plain(_ text: String) -> String {
        var result = ""
        var before: Unicode.Scalar?
        // By scalars: a sign with a combining mark behind it is one character, and still means what it does.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "|", "\\", "`", "*", "[", "]", "#", "~", "_": result += "\\\(scalar)"
            // No one is called by a report.
            case "@" where before?.properties.isWhitespace ?? true: result += "@\u{200B}"
            case "\n" where before == "\r": break
            case _ where Character(scalar).isNewline: result += " "
            default: result.unicodeScalars.append(scalar)
            }
            before = scalar
        }
        return result
    }
}
