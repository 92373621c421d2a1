internal import Domain
internal import Foundation
internal import Linalg

/// A learned blend beside each of its sources, on people of a later window: the report's section.
struct BlendMeasurement {
    let blend: LearnedBlend
    let sources: BlendSources
    let window: BlendWindow
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

    func section() -> ReportSection? {
        let lists = window.lists
        guard !lists.isEmpty else { return nil }
        let design = BlendDesign(lists, halfLife: halfLife, epsilon: blend.epsilon)
        let ranked = rankings(design)
        let columns = ranked.map { name, rows in
            Column(name: name, values: ndcg(rows, design, lists.map { Set($0.relevant) }))
        }
        let all = Array(lists.indices)
        func of(_ knowledge: LearnedBlend.Knowledge) -> [Int] { all.filter { lists[$0].knowledge == knowledge } }
        var parts: [(name: String, columns: [Column], lists: [Int])] = [
            ("everybody", columns, all), ("no history", columns, of(.none)),
            ("1–\(LearnedBlend.fewItems) items", columns, of(.few)),
            ("more items", columns, of(.many)),
        ]
        for (name, isOf) in filmParts() {
            let relevant = lists.map { Set($0.relevant.filter(isOf)) }
            parts.append(
                (
                    name, ranked.map { Column(name: $0.name, values: ndcg($0.rows, design, relevant)) },
                    all.filter { !relevant[$0].isEmpty && lists[$0].knowledge != .none }
                ))
        }
        parts.removeAll { $0.lists.isEmpty }
        let calibration = calibration(design)
        return ReportSection(
            id: "blend", title: "The blend and its sources", text: text(parts, calibration.error),
            plots: [calibration.plot], tables: [table(parts), against(parts), weightTable])
    }

    // MARK: Rankings

    /// Of the blend, then of each source alone: the first ten rows of each list.
    private func rankings(_ design: BlendDesign) -> [(name: String, rows: [[Int]])] {
        let k = Manifest.headlineCutoff
        let lists = window.lists
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

    /// - Parameter relevant: by list, what counts as found. 0 where there is nothing to find.
    private func ndcg(_ rows: [[Int]], _ design: BlendDesign, _ relevant: [Set<Int32>]) -> [Double] {
        window.lists.indices.map { list in
            guard !relevant[list].isEmpty else { return 0 }
            let items = window.lists[list].items
            let hits = rows[list].enumerated()
                .filter { relevant[list].contains(items[$0.element - design.starts[list]]) }.map { $0.offset + 1 }
            return RankingMetric.ndcg.value(hits: hits, relevant: relevant[list].count, k: Manifest.headlineCutoff)
        }
    }

    /// Parts of the catalogue: films of few events, and by their age where a catalogue says it.
    private func filmParts() -> [(String, (Int32) -> Bool)] {
        var events = [Int](repeating: 0, count: sources.training.itemCount)
        for item in sources.training.interactions.columnIndices { events[Int(item)] += 1 }
        var parts: [(String, (Int32) -> Bool)] = [
            ("films of 1–5 events", { events[Int($0)] <= 5 }), ("films of more events", { events[Int($0)] > 5 }),
        ]
        guard let films = sources.content?.films, !films.isEmpty else { return parts }
        let years = Dictionary(films.map { ($0.itemID, $0.year) }, uniquingKeysWith: { first, _ in first })
        let ages = (0..<sources.training.itemCount).map { item in
            (years[sources.training.items.id(at: item)] ?? nil).map { Int(window.from.date.year) - Int($0) }
        }
        parts.append(("films of the last 5 years", { ages[Int($0)].map { $0 <= 5 } ?? false }))
        parts.append(("older films", { ages[Int($0)].map { $0 > 5 } ?? false }))
        return parts
    }

    // MARK: Tables

    private func table(_ parts: [(name: String, columns: [Column], lists: [Int])]) -> ReportTable {
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
    private func against(_ parts: [(name: String, columns: [Column], lists: [Int])]) -> ReportTable {
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

    private func best(_ part: (name: String, columns: [Column], lists: [Int])) -> Column {
        part.columns.dropFirst().max { a, b in
            part.lists.reduce(0) { $0 + a.values[$1] } < part.lists.reduce(0) { $0 + b.values[$1] }
        } ?? part.columns[0]
    }

    private func difference(_ part: (name: String, columns: [Column], lists: [Int]), _ other: Column) -> Interval? {
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

    private func text(_ parts: [(name: String, columns: [Column], lists: [Int])], _ error: Double) -> [String] {
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
        if sources.linear == nil {
            text.append(
                "The item-item linear model was left out: its matrix would take "
                    + "\(ItemLinks.linearBytes(of: sources.training) >> 20) MiB, and \(ItemLinks.linearLimit >> 20) MiB are "
                    + "allowed.")
        }
        return text
    }
}
