/// Rows in aligned columns, however many: the widths are those of the first thousand, fitted to a page. Rows of more
/// columns than fit beside each other are printed one value a line instead.
struct AlignedRows {
    private let columns: [(String, TextTable.Alignment)]
    private var held: [[String]] = []
    private var layout: Layout?

    private enum Layout {
        case columns([Int])
        case blocks
    }

    private static let sample = 1000

    init(_ columns: [(String, TextTable.Alignment)]) { self.columns = columns }

    mutating func add(_ cells: [String]) {
        let cells = cells.map { PrintableText.escaped($0.replacing("\n", with: " ")) }
        guard let layout else {
            held.append(cells)
            if held.count == Self.sample { release() }
            return
        }
        write(cells, layout)
    }

    mutating func finish() {
        if layout == nil { release() }
    }

    private mutating func release() {
        let all = [columns.map(\.0)] + held
        let natural = columns.indices.map { column in all.map { TextLayout.columns(of: $0[column]) }.max() ?? 0 }
        let widths = TextLayout.fitted(natural, mayShrink: columns.map { $0.1 == .left })
        let layout = widths.map { Layout.columns($0) } ?? .blocks
        if case .columns = layout { write(columns.map(\.0), layout) }
        for cells in held { write(cells, layout) }
        self.layout = layout
        held = []
    }

    private func write(_ cells: [String], _ layout: Layout) {
        switch layout {
        case .columns(let widths):
            let cells = cells.enumerated().map { place, cell in
                columns[place].1 == .left ? TextLayout.clipped(cell, to: widths[place]) : cell
            }
            StandardOutput.write(line: TextTable.line(cells, widths: widths, alignments: columns.map(\.1)))
        case .blocks:
            let left = min(30, columns.map { TextLayout.columns(of: $0.0) }.max() ?? 0)
            for (column, cell) in zip(columns, cells) {
                let name = TextLayout.clipped(column.0, to: left)
                let lead = name + String(repeating: " ", count: left - TextLayout.columns(of: name) + 2)
                StandardOutput.write(line: lead + TextLayout.clipped(cell, to: TextLayout.width - left - 2))
            }
            StandardOutput.write(line: "")
        }
    }
}
