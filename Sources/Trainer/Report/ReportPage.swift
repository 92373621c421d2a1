internal import Domain
internal import Foundation

/// A report before it is shown: the verdict in a sentence, the plots that justify it, and sections.
///
/// One self-contained HTML page (inline SVG, no script, no request; light and dark; from a phone's width on), or a
/// Markdown summary for a pull request.
public struct ReportPage: Sendable {
    /// What kind of report it is, such as `Marquee evaluation`.
    public var title: String
    /// One sentence that says what came out.
    public var verdict: String
    /// What the verdict rests on, in a paragraph each.
    public var notes: [String]
    /// The plots that justify the verdict; three stand beside each other on a desktop.
    public var plots: [ReportPlot]
    public var sections: [ReportSection]

    public init(
        title: String, verdict: String, notes: [String] = [], plots: [ReportPlot] = [], sections: [ReportSection]
    ) {
        self.title = title
        self.verdict = verdict
        self.notes = notes
        self.plots = plots
        self.sections = sections
    }

    /// The whole page. O(its size).
    public func html() -> String {
        let shown = sections.filter { !$0.text.isEmpty || !$0.plots.isEmpty || !$0.tables.isEmpty }
        let links = shown.map { "<li><a href=\"#\(e($0.id))\">\(e($0.title))</a></li>" }.joined()
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>\(e(title))</title><style>
            \(Self.style)
            </style></head><body>
            <header><p class="kind">\(e(title))</p><h1>\(e(verdict))</h1></header>
            <main>
            \(figures(plots))
            \(notes.filter { !$0.isEmpty }.map { "<p>\(e($0))</p>" }.joined())
            <nav aria-label="Sections"><ul>\(links)</ul></nav>
            \(shown.map(section).joined(separator: "\n"))
            </main></body></html>

            """
    }

    private func e(_ text: String) -> String { MarkupText.escaped(text) }

    private func section(_ section: ReportSection) -> String {
        "<section id=\"\(e(section.id))\"><h2>\(e(section.title))</h2>"
            + section.text.map { "<p>\(e($0))</p>" }.joined() + figures(section.plots)
            + section.tables.map { table($0, of: section) }.joined() + "</section>"
    }

    private func figures(_ plots: [ReportPlot]) -> String {
        let figures = plots.map { plot in (plot, SVGPlot.svg(plot)) }.filter { !$0.1.isEmpty }
        guard !figures.isEmpty else { return "" }
        return "<div class=\"plots\">"
            + figures.map { "<figure><figcaption>\(e($0.0.title))</figcaption>\($0.1)</figure>" }.joined() + "</div>"
    }

    /// The wrapper scrolls where a table is wider than the page, so that it must be reachable by the keyboard.
    private func table(_ table: ReportTable, of section: ReportSection) -> String {
        guard !table.rows.isEmpty else { return "" }
        let head = table.columns.map { "<th scope=\"col\">\(e($0))</th>" }.joined()
        let rows = table.rows.map { row in
            let cells = row.enumerated().map { place, cell in
                place == 0 ? "<th scope=\"row\">\(html(cell))</th>" : "<td\(alignment(cell))>\(html(cell))</td>"
            }
            return "<tr>" + cells.joined() + "</tr>"
        }
        let label = table.title == section.title ? table.title : "\(section.title): \(table.title)"
        return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(e(label))\"><table>"
            + "<caption>\(e(table.title))</caption>"
            + "<thead><tr>\(head)</tr></thead><tbody>\(rows.joined())</tbody></table></div>"
    }

    private func alignment(_ cell: ReportCell) -> String {
        if case .text = cell { return " class=\"text\"" }
        return ""
    }

    private func html(_ cell: ReportCell) -> String {
        let (value, interval) = cell.words
        return e(value) + (interval.map { " <small>\(e($0))</small>" } ?? "")
    }
}

extension ReportCell {
    /// The figure, and its interval, in words.
    public var words: (value: String, interval: String?) {
        switch self {
        case .text(let text): return (text, nil)
        case .count(let count): return (Self.grouped(count), nil)
        case .number(let number): return (Self.decimal(number), nil)
        case .missing: return ("–", nil)
        case .interval(let interval): return Self.words(interval, Self.decimal)
        case .percent(let interval): return Self.words(interval) { String(format: "%+.1f %%", $0 * 100) }
        }
    }

    private static func words(_ interval: Interval, _ text: (Double) -> String) -> (String, String?) {
        guard interval.value.isFinite else { return ("–", nil) }
        guard let low = interval.low, let high = interval.high else { return (text(interval.value), "no interval") }
        return (text(interval.value), "\(text(low)) to \(text(high))")
    }

    private static func decimal(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        return abs(value) >= 1000 ? String(format: "%.0f", value) : String(format: "%.4f", value)
    }

    private static func grouped(_ count: Int) -> String {
        var digits = String(count.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (count < 0 ? "−" : "") + ([digits] + groups).joined(separator: ",")
    }
}
