internal import Foundation

extension TuningResult {
    /// Canonical JSON.
    public func json() throws -> [UInt8] { try JSON.encode(self) }

    /// One self-contained page: the table, and NDCG against each setting and by trial.
    public func html() -> String {
        func plot(_ title: String, _ value: (TuningRecord) -> Double) -> String {
            let epochs = Set(records.map(\.epochs)).sorted()
            return "<figure>"
                + SVGPlot.lines(
                    title: "NDCG@\(cutoff) by \(title)", x: title, y: "on the validation window", joined: false,
                    epochs.map { epochs in
                        SVGPlot.Series(
                            name: "\(epochs) epochs",
                            points: records.filter { $0.epochs == epochs }.map { (value($0), $0.ndcg) })
                    }) + "</figure>"
        }
        let rows = records.map { record in
            let p = record.parameters
            let cells = [
                "\(record.trial)", "\(record.epochs)", "\(p.rank)", "\(p.alpha0)", "\(p.lambda)",
                record.weights.halfLifeDays.map { "\($0)" } ?? "none", String(format: "%.4f", record.ndcg),
                String(format: "%.4f", record.recall), String(format: "%.2f", record.seconds),
            ]
            return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        let head = ["trial", "epochs", "rank", "alpha0", "lambda", "half-life, days", "NDCG", "recall", "seconds"]
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>Marquee tuning</title><style>
            :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:auto;padding:1rem}
            .scroll{overflow-x:auto}table{border-collapse:collapse}td,th{padding:.25rem .6rem;text-align:right;
            border-bottom:1px solid #8884}.plots{display:grid;gap:1rem;
            grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr))}figure{margin:0}svg{width:100%;height:auto}
            </style></head><body><h1>Marquee tuning</h1><p>\(SVGPlot.escaped(describes))</p>
            <div class="plots">\(plot("rank, log2") { log2(Double($0.parameters.rank)) })\
            \(plot("alpha0, log10") { log10(Double($0.parameters.alpha0)) })\
            \(plot("lambda, log10") { log10(Double($0.parameters.lambda)) })\
            \(plot("half-life, days, log10 (4: none)") { log10($0.weights.halfLifeDays ?? 10_000) })\
            \(plot("trial") { Double($0.trial) })</div>
            <div class="scroll"><table><tr>\(head.map { "<th>\($0)</th>" }.joined())</tr>\(rows.joined())</table></div>
            </body></html>

            """
    }
}
