import Domain
import Trainer

/// What `models show` says of a model to people; its manifest has the rest.
struct ModelSummary {
    private let manifest: Manifest
    private let isInService: Bool

    init(_ manifest: Manifest, isInService: Bool) {
        self.manifest = manifest
        self.isInService = isInService
    }

    /// One line, with what of it was chosen by rule or search.
    static func settings(_ manifest: Manifest) -> String {
        let parameters = manifest.parameters
        var text =
            "rank \(parameters.rank), epochs \(parameters.epochs), alpha0 \(parameters.alpha0), "
            + "lambda \(parameters.lambda), nu \(parameters.nu), solver \(parameters.solver.rawValue), "
            + "seed \(manifest.seed)"
        if let days = manifest.weights.halfLifeDays { text += ", half-life \(Figure.significant(days)) days" }
        guard let chosen = manifest.chosen else { return text }
        let ruled = [("alpha0", chosen.rule.setsAlpha0), ("lambda", chosen.rule.setsLambda)].filter(\.1).map(\.0)
        if !ruled.isEmpty {
            text += "; \(ruled.joined(separator: " and ")) by rule, c \(Figure.significant(Double(chosen.strength)))"
        }
        if let search = chosen.search { text += ", searched in \(search.trials.count) measurements" }
        return text
    }

    var text: String {
        var facts = FactTable()
        let data = manifest.data
        facts.add("model", "\(manifest.id)" + (isInService ? ", in service" : ""))
        facts.add(
            "trained",
            "\(manifest.trainedAt) by marquee \(manifest.codeVersion), "
                + "\(manifest.training.epochs.last?.epoch ?? 0) epochs in \(Figure.seconds(manifest.training.seconds))")
        if let engine = manifest.engine { facts.add("fitted by", "\(engine.name) \(engine.version ?? "")") }
        facts.add("kind", manifest.kind)
        facts.add("data", data.source + (data.version.map { ", version \($0)" } ?? ""))
        facts.add(
            "",
            "\(Figure.count(data.events)) events of \(Figure.count(data.users)) users and "
                + "\(Figure.count(data.items)) items")
        facts.add("", "\(data.firstEventAt) to \(data.lastEventAt)")
        facts.add("settings", Self.settings(manifest))
        if let warmStart = manifest.warmStart { facts.add("warm start", "\(warmStart.model)") }
        if let found = manifest.earlyStopping {
            facts.add("stopped", "after \(found.best) epochs, the best by \(found.metric)")
        }
        if let evaluation = manifest.evaluation {
            facts.add("evaluation", "\(evaluation.split), \(Figure.count(evaluation.users)) users")
            for name in evaluation.metrics.keys.sorted() {
                guard let k = evaluation.metrics[name].flatMap({ $0["10"] == nil ? $0.keys.min() : "10" }),
                    let own = evaluation.metrics[name]?[k]
                else { continue }
                let popularity = evaluation.popularity[name]?[k].map {
                    ", popularity \(Figure.decimal($0.value, digits: 4))"
                }
                facts.add("", "\(name)@\(k) \(Figure.decimal(own.value, digits: 4))" + (popularity ?? ""))
            }
        } else {
            facts.add("evaluation", "there was nothing to evaluate on")
        }
        facts.add("gate", "\(manifest.gate.outcome.rawValue): \(manifest.gate.reason)")
        facts.add(
            "files",
            "\(Figure.count(manifest.files.count)), "
                + Figure.bytes(manifest.files.values.reduce(0) { $0 + $1.bytes }))
        facts.add("factors", "SHA-256 \(manifest.factorsSHA256.prefix(32))…")
        return facts.text
    }
}
