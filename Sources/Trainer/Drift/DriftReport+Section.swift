internal import Foundation

extension DriftReport {
    /// What a report shows of it.
    public var section: ReportSection {
        let rows = statistics.map { statistic -> [ReportCell] in
            [
                .text(statistic.name), .number(statistic.value), .number(statistic.usual), .number(statistic.low),
                .number(statistic.high), .text(statistic.isDrifted ? "drifted" : "as usual"),
            ]
        }
        let table = ReportTable(
            title: "The newest \(windowText) beside the \(pastWindows) before",
            columns: ["figure", "value", "usual", "at the least", "at the most", ""], rows: rows)
        return ReportSection(id: "drift", title: "Drift", text: [text], tables: rows.isEmpty ? [] : [table])
    }
}
