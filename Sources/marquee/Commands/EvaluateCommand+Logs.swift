import Operations
import Platform
import Store
import Trainer

extension EvaluateCommand {
    /// `marquee evaluate --logs`: what was shown and what came of it.
    static func logs(_ invocation: Invocation) async throws {
        try invocation.refuse(
            [
                Options.folds.spec, Options.maxLoss.spec, Options.cutoffs.spec, Options.split.spec, Options.train.spec,
                Options.test.spec, Options.rank.spec, Options.holdOutFilms.spec,
            ],
            beside: Options.logs.spec)
        let store = try invocation.store()
        let registry = try invocation.registryIfNamed()
        let name = try invocation.value(Options.model)
        var evaluation = LogEvaluation(clickWindow: try invocation.value(Options.clickWindow))
        evaluation.maxBadRows = try invocation.value(Options.maxBadRows)
        let report = try await BlockingWork.run("evaluate") { [evaluation] _ in
            try evaluation.run(store, model: registry.map { try $0.open($0.find(name)) })
        }
        let page = report.page
        if try invocation.value(Options.reportFormat) == "json" {
            try JSONOutput.write(report, isPretty: true)
        } else {
            for section in report.sections { print(section) }
        }
        if let path = invocation.optional(Options.json) { try ResultFile.write(report.json(), to: path) }
        if let path = invocation.optional(Options.markdown) {
            try ResultFile.write(Array(page.markdown().utf8), to: path)
        }
        if let path = invocation.optional(Options.report) { try ResultFile.write(Array(page.html().utf8), to: path) }
    }
}
