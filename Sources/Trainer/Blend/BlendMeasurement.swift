internal import Domain
internal import Foundation
internal import Linalg

/// A learned blend beside each of its sources, on people of a later window: the report's section.
struct BlendMeasurement {
    let blend: LearnedBlend
    let sources: BlendSources
    let window: BlendWindow
    /// The same people in the same window, with lists of some films only.
    let sliced: [(slice: FilmSlice, window: BlendWindow)]
    let bootstrap: Bootstrap
    /// How the blend was learned, in words.
    let learned: String

    /// The sources in the half-life that the blend has.
    private var halfLife: Int { sources.recent.firstIndex { $0.halfLifeDays == blend.halfLifeDays } ?? 0 }

    /// One way of ranking: NDCG@10 of each list.
    private struct Column {
        var name: String
        var values: [Double]
    }

    /// Some lists, and how well each way of ranking did on them.
    private struct Part {
        var name: String
        var columns: [Column]
        /// Numbers of lists.
        var lists: [Int]
    }

    func section() -> ReportSection? {
        let lists = window.lists
        guard !lists.isEmpty else { return nil }
        let design = design(lists)
        let ranked = rankings(lists, design)
        let columns = columns(ranked, lists, design, lists.map { Set($0.relevant) })
        let all = Array(lists.indices)
        func of(_ knowledge: LearnedBlend.Knowledge) -> [Int] { all.filter { lists[$0].knowledge == knowledge } }
        var parts = [
            Part(name: "everybody", columns: columns, lists: all),
            Part(name: "no history", columns: columns, lists: of(.none)),
            Part(name: "1–\(LearnedBlend.fewItems) items", columns: columns, lists: of(.few)),
            Part(name: "more items", columns: columns, lists: of(.many)),
        ]
        for (slice, _) in sliced {
            let relevant = lists.map { Set($0.relevant.filter(slice.contains)) }
            parts.append(
                Part(
                    name: slice.name, columns: self.columns(ranked, lists, design, relevant),
                    lists: all.filter { !relevant[$0].isEmpty && lists[$0].knowledge != .none }))
        }
        for (slice, window) in sliced {
            let (lists, design) = (window.lists, self.design(window.lists))
            parts.append(
                Part(
                    name: "only \(slice.name)",
                    columns: self.columns(
                        rankings(lists, design), lists, design, lists.map { Set($0.relevant) }),
                    lists: lists.indices.filter { lists[$0].knowledge != .none }))
        }
        parts.removeAll { $0.lists.isEmpty }
        let calibration = calibration(design)
        return ReportSection(
            id: "blend", title: "The blend and its sources", text: text(parts, calibration.error),
            plots: [calibration.plot], tables: [table(parts), against(parts), weightTable])
    }

    // MARK: Rankings

    private func design(_ lists: [BlendList]) -> BlendDesign {
        BlendDesign(lists, halfLife: halfLife, epsilon: blend.epsilon)
    }

    /// Of the blend, then of each source alone: the first ten rows of each list.
    private func rankings(_ lists: [BlendList], _ design: BlendDesign) -> [(name: String, rows: [[Int]])] {
        let k = Manifest.headlineCutoff
        let blended = lists.indices.map { design.ranked($0, weights(of: lists[$0].knowledge), count: k) }
        let alone = LearnedBlend.Source.allCases.filter { $0 != .linear || sources.linear != nil }
            .filter { $0 != .content || sources.content != nil }
            .map { source in
                // What a source says nothing of it does not list.
                let place = BlendDesign.sources.firstIndex(of: source)!
                return (
                    name: source.rawValue,
                    rows: lists.indices.map { list in
                        design.ranked(list, BlendFit.unit(source), count: k)
                            .filter { design.values[$0 * BlendDesign.width + place] > 0 }
                    }
                )
            }
        return [("blend", blended)] + alone
    }

    private func weights(of knowledge: LearnedBlend.Knowledge) -> [Double] {
        LearnedBlend.Source.allCases.map { Double(blend[knowledge].weights[$0]) }
    }

    /// - Parameter relevant: by list, what counts as found; the value is 0 where there is nothing to find.
    private func columns(
        _ ranked: [(name: String, rows: [[Int]])], _ lists: [BlendList], _ design: BlendDesign, _ relevant: [Set<Int32>]
    ) -> [Column] {
        ranked.map { name, rows in
            Column(
                name: name,
                values: lists.indices.map { list in
                    guard !relevant[list].isEmpty else { return 0 }
                    let hits = rows[list].enumerated()
                        .filter { relevant[list].contains(lists[list].items[$0.element - design.starts[list]]) }
                        .map { $0.offset + 1 }
                    return RankingMetric.ndcg.value(
                        hits: hits, relevant: relevant[list].count, k: Manifest.headlineCutoff)
                })
        }
    }

    // MARK: Tables

    private func table(_ parts: [Part]) -> ReportTable {
        ReportTable(
            title: "NDCG@\(Manifest.headlineCutoff) by source",
            columns: ["part", "lists"] + (parts.first?.columns.map(\.name) ?? []),
            rows: parts.map { part in
                [.text(part.name), .count(part.lists.count)]
                    + part.columns.map { column in
                        .interval(bootstrap.intervals(of: part.lists.map { column.values[$0] }, width: 1).first)
                    }
            })
    }

    /// The blend against the best single source of each part, which nobody could know before, and against the factors.
    private func against(_ parts: [Part]) -> ReportTable {
        ReportTable(
            title: "The blend against the best single source and the factors alone",
            columns: ["part", "lists", "best source", "blend against it", "blend against factors"],
            rows: parts.map { part in
                let best = best(part)
                return [
                    .text(part.name), .count(part.lists.count), .text(best.name),
                    .percent(difference(part, best)),
                    .percent(part.columns.first { $0.name == "factors" }.flatMap { difference(part, $0) }),
                ]
            })
    }

    private func best(_ part: Part) -> Column {
        part.columns.dropFirst().max { a, b in
            part.lists.reduce(0) { $0 + a.values[$1] } < part.lists.reduce(0) { $0 + b.values[$1] }
        } ?? part.columns[0]
    }

    private func difference(_ part: Part, _ other: Column) -> Interval? {
        bootstrap.relativeDifference(
            of: part.lists.map { part.columns[0].values[$0] }, to: part.lists.map { other.values[$0] })
    }

    private var weightTable: ReportTable {
        ReportTable(
            title: "What each source counts",
            columns: ["what is known"] + LearnedBlend.Source.allCases.map(\.rawValue) + ["learned from"],
            rows: LearnedBlend.Knowledge.allCases.map { knowledge in
                let mixture = blend[knowledge]
                return [.text(knowledge.rawValue)]
                    + LearnedBlend.Source.allCases.map { .number(Double(mixture.weights[$0])) }
                    + [.text(mixture.users == 0 ? "everybody" : "\(mixture.users) lists")]
            })
    }

    // MARK: Probabilities

    /// Predicted against observed, in tenths of the candidates by falling probability, and the expected calibration error:
    /// the mean distance of the two, weighed by candidates (Naeini et al. 2015).
    private func calibration(_ design: BlendDesign) -> (plot: ReportPlot, error: Double) {
        var shown: [(probability: Double, isLiked: Bool)] = []
        for list in window.lists.indices {
            let mixture = blend[window.lists[list].knowledge]
            let weights = weights(of: window.lists[list].knowledge)
            let scores = design.scores(list, weights)
            for row in design.ranked(list, weights, count: BlendFit.calibratedDepth) {
                let score = Float(scores[row - design.starts[list]])
                shown.append((Double(mixture.probability(score)), design.isLiked[row]))
            }
        }
        shown.sort { $0.probability < $1.probability }
        let bins = min(10, max(1, shown.count / 20))
        var (points, error): ([ReportPlot.Point], Double) = ([], 0)
        for bin in 0..<bins {
            let part = shown[bin * shown.count / bins..<(bin + 1) * shown.count / bins]
            guard !part.isEmpty else { continue }
            let predicted = part.reduce(0) { $0 + $1.probability } / Double(part.count)
            let observed = Double(part.count { $0.isLiked }) / Double(part.count)
            let spread = 1.96 * (observed * (1 - observed) / Double(part.count)).squareRoot()
            points.append(.init(predicted, observed, low: max(0, observed - spread), high: min(1, observed + spread)))
            error += abs(predicted - observed) * Double(part.count) / Double(max(1, shown.count))
        }
        let largest = points.map { max($0.x, $0.y) }.max() ?? 1
        return (
            ReportPlot(
                .lines, title: "Reliability of the probabilities", x: "predicted", y: "observed share that was liked",
                xUnit: .percent, yUnit: .percent,
                series: [
                    .init(name: "first \(BlendFit.calibratedDepth) of each list", points: points),
                    .init(name: "if they were exact", points: [.init(0, 0), .init(largest, largest)]),
                ]), error
        )
    }

    private func text(_ parts: [Part], _ error: Double) -> [String] {
        var text: [String] = []
        if let everybody = parts.first {
            let best = best(everybody)
            if let difference = difference(everybody, best) {
                let ends = ReportCell.percent(difference).words.interval ?? "no interval"
                let size = String(format: "%.1f %%", abs(difference.value) * 100)
                text.append(
                    "Over everybody the blend is \(size) \(difference.value < 0 ? "below" : "above") \(best.name), "
                        + "the best single source of these lists (\(ends)).")
            }
        }
        text.append(
            String(
                format: "Expected calibration error of the probabilities, over the first %d of each list: %.4f.",
                BlendFit.calibratedDepth, error))
        text.append(learned)
        text.append(
            "A list is one moment of one user: who is known before the window has one, who is not has one as a stranger and "
                + "one after the first \(LearnedBlend.fewItems) items. What a source says nothing of it does not list.")
        if !sliced.isEmpty {
            text.append(
                "Rows of some films come twice: in the lists that everybody gets, with only these films counted as found, and, "
                    + "as \"only\", in lists of nothing but these films, as a filter makes them. Strangers are left out of "
                    + "them.")
        }
        if sources.linear == nil {
            text.append(
                "The item-item linear model was left out: its matrix would take "
                    + "\(ItemLinks.linearBytes(of: sources.training) >> 20) MiB, and \(ItemLinks.linearLimit >> 20) MiB are "
                    + "allowed.")
        }
        return text
    }
}
