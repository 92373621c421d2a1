/// Rows in aligned columns, however many: the widths are those of the first thousand, later rows that are wider stick
/// out. Long cells are cut.
struct AlignedRows {
    private let columns: [(String, TextTable.Alignment)]
    private var held: [[String]] = []
    private var widths: [Int]?

    private static let sample = 1000
    private static let longest = 60

    init(_ columns: [(String, TextTable.Alignment)]) { self.columns = columns }

    mutating func add(_ cells: [String]) {
        let cells = cells.map(Self.clipped)
        guard let widths else {
            held.append(cells)
            if held.count == Self.sample { release() }
            return
        }
        write(cells, widths)
    }

    mutating func finish() {
        if widths == nil { release() }
    }

    private mutating func release() {
        let all = [columns.map(\.0)] + held
        let widths = columns.indices.map { column in all.map { TextTable.width(of: $0[column]) }.max() ?? 0 }
        for cells in all { write(cells, widths) }
        self.widths = widths
        held = []
    }

    private func write(_ cells: [String], _ widths: [Int]) {
        StandardOutput.write(line: TextTable.line(cells, widths: widths, alignments: columns.map(\.1)))
    }

    private static func clipped(_ cell: String) -> String {
        let line = cell.replacing("\n", with: " ")
        return line.count > longest ? line.prefix(longest - 1) + "…" : line
    }
}
