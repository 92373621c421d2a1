import Operations
import Trainer

/// `marquee recommend-all`
enum RecommendAllCommand {
    static let command: Command = Command(
        path: ["recommend-all"], summary: "Write every user's list to Parquet.",
        details: """
            One row for each place of each list: user_id, rank (from 1), item_id, score; users in the model's order, best
            first. The lists come from the factors alone, without the blend of 'serve'. --out FILE.parquet is replaced as a
            whole; --out DIR is a new folder with a file for every 16 million rows. Users without a liking have no list, nor
            have those who object to one (privacy consent).
            """,
        options: [
            Options.models.spec, Options.model.spec, Options.number.spec, Options.out.spec, Options.includeSeen.spec,
            Options.threads.spec, Options.stateFolder.spec,
        ],
        required: ["models", "out"],
        examples: [
            .init(
                line: "recommend-all --models models -n 100 --out lists.parquet",
                meaning: "A hundred items for everybody, from the model in service."),
            .init(
                line: "recommend-all --models models --model 1f0c9a2b --out lists --include-seen",
                meaning: "Of another model, with items that users know already."),
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let name = try invocation.value(Options.model)
        let out = try invocation.value(Options.out)
        let state = StateDatabase(folder: try invocation.value(Options.stateFolder))
        var plan = RecommendAll(
            count: try invocation.value(Options.number), includesSeen: try invocation.value(Options.includeSeen),
            threads: invocation.optional(Options.threads))
        plan.choices = try await BlockingWork.run("privacy") { _ in try PersonalRegister(state).table() }
        let lists = plan
        let (id, summary) = try await BlockingWork.run("recommend-all") { flag in
            let model = try registry.open(registry.find(name))
            let bar = ProgressBar("lists", total: model.userCount, unit: "users")
            let summary = try lists.write(model, to: out) { done, _ in
                try flag.check()
                bar.update(done)
            }
            bar.finish()
            return (model.id, summary)
        }
        var text = "\(Figure.count(summary.users)) users, \(Figure.count(summary.rows)) rows of \(id) in \(out)"
        if summary.leftOut > 0 {
            text += "; \(Figure.count(summary.leftOut)) users without a liking, or who object, left out"
        }
        StandardOutput.write(prose: text)
    }
}
