internal import Foundation

extension TuningResult {
    /// Canonical JSON.
    public func json() throws -> [UInt8] { try JSON.encode(self) }

    /// One self-contained page: the table, and NDCG against each setting and by trial.
    public func html() -> String {
        func plot(
            _ title: String, _ value: (TuningRecord) -> Double
        ) -> ReportPlot {
            let epochs = Set(records.map(\.epochs)).sorted()
            return ReportPlot(
                .points, title: "NDCG@\(cutoff) by \(title)", x: title, y: "on the validation window",
                series: epochs.map { epochs in
                    .init(
                        name: "\(epochs) epochs",
                        points: records.filter { $0.epochs == epochs }.map { .init(value($0), $0.ndcg) })
                })
        }
        let best = records.max { $0.ndcg < $1.ndcg }
        let rows = records.map { record -> [ReportCell] in
            let p = record.parameters
            return [
                .count(record.trial), .count(record.epochs), .count(p.rank), .text("\(p.alpha0)"), .text("\(p.lambda)"),
                .text(record.weights.halfLifeDays.map { "\($0)" } ?? "none"), .number(record.ndcg),
                .number(record.recall), .text(String(format: "%.2f", record.seconds)),
            ]
        }
        let head = ["trial", "epochs", "rank", "alpha0", "lambda", "half-life, days", "NDCG", "recall", "seconds"]
        return ReportPage(
            title: "Marquee tuning",
            verdict: best.map {
                "The best of \(Set(records.map(\.trial)).count) trials is number \($0.trial): NDCG@\(cutoff) "
                    + String(format: "%.4f.", $0.ndcg)
            } ?? "No trial was run.",
            notes: [describes],
            plots: [
                plot("rank, log2") { log2(Double($0.parameters.rank)) },
                plot("alpha0, log10") { log10(Double($0.parameters.alpha0)) },
                plot("lambda, log10") { log10(Double($0.parameters.lambda)) },
                plot("half-life, days, log10 (4: none)") { log10($0.weights.halfLifeDays ?? 10_000) },
                plot("trial") { Double($0.trial) },
            ],
            sections: [
                ReportSection(
                    id: "trials", title: "Trials",
                    tables: [ReportTable(title: "Every measurement", columns: head, rows: rows)])
            ]
        ).html()
    }
}
