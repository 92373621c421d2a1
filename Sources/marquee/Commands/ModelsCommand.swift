import Operations
import Trainer

/// `marquee models …`
enum ModelsCommand {
    static let list: Command = Command(
        path: ["models", "list"], summary: "List the published models, newest first.",
        options: [Options.models.spec, Options.format.spec], required: ["models"],
        examples: [
            .init(line: "models list --models models", meaning: "The model in service is marked with *."),
            .init(line: "models list --models models --format json", meaning: "The same for programs."),
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let form = try invocation.value(Options.format)
        try await BlockingWork.run("models") { _ in
            let listing = try ModelListing(registry)
            if form == .table {
                StandardOutput.write(listing.table)
                if let pin = try registry.pin() {
                    StandardOutput.write(
                        line: "\(pin.model) is pinned since the rollback of \(pin.at): 'marquee models unpin'")
                }
            } else {
                listing.print(as: form)
            }
        }
    }

    static let show: Command = Command(
        path: ["models", "show"], summary: "Say what a model is, how good it is, and what it was made of.",
        arguments: [model], options: [Options.models.spec, Options.reportFormat.spec], required: ["models"],
        examples: [
            .init(line: "models show --models models", meaning: "The model in service."),
            .init(
                line: "models show 1f0c9a2b --models models --format json",
                meaning: "The whole manifest of the one whose hash begins so."),
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let isJSON = try invocation.value(Options.reportFormat) == "json"
        try await BlockingWork.run("models") { _ in
            let manifest = try registry.manifest(of: registry.find(invocation.arguments.first ?? "current"))
            guard !isJSON else { return try JSONOutput.write(manifest, isPretty: true) }
            StandardOutput.write(ModelSummary(manifest, isInService: try registry.current() == manifest.id).text)
        }
    }

    static let promote: Command = Command(
        path: ["models", "promote"], summary: "Put a model into service.",
        details: "Every file of the model is checked against the digests of its manifest first.",
        arguments: [.init(name: "MODEL", summary: model.summary)],
        options: [Options.models.spec, Options.reason.spec, Options.stateFolder.spec],
        required: ["models"],
        examples: [.init(line: "models promote 1f0c9a2b --models models", meaning: "A running 'serve' swaps to it.")]
    ) { invocation in
        let registry = try invocation.registry()
        let (id, previous) = try await BlockingWork.run("models") { _ in
            let id = try registry.find(invocation.arguments[0])
            return (
                id,
                try invocation.audited("model.promote", of: "\(id)") {
                    try registry.promote(id, reason: invocation.optional(Options.reason) ?? "by hand")
                }
            )
        }
        StandardOutput.write(line: "\(id) is in service" + (previous.map { ", after \($0)" } ?? ""))
    }

    static let rollback: Command = Command(
        path: ["models", "rollback"], summary: "Put the previous model back into service, and pin it.",
        details: """
            From then on 'train' publishes and does not promote, so that what was rolled back does not come back by itself:
            until 'models unpin', or 'models promote' of a model by hand.
            """,
        options: [Options.models.spec, Options.reason.spec, Options.stateFolder.spec], required: ["models"],
        examples: [
            .init(
                line: "models rollback --models models --reason 'lists of one genre'",
                meaning: "Again, for the one before that.")
        ]
    ) { invocation in
        let registry = try invocation.registry()
        let id = try await BlockingWork.run("models") { _ in
            let present = try registry.current().map { "\($0)" } ?? ""
            return try invocation.audited("model.rollback", of: present) {
                try registry.rollback(reason: invocation.optional(Options.reason) ?? "by hand")
            }
        }
        StandardOutput.write(
            line:
                "\(id) is in service, and pinned: no training promotes until 'marquee models unpin' or 'models promote'"
        )
    }

    static let unpin: Command = Command(
        path: ["models", "unpin"], summary: "Let trainings promote again after a rollback.",
        options: [Options.models.spec, Options.reason.spec, Options.stateFolder.spec], required: ["models"],
        examples: [.init(line: "models unpin --models models", meaning: "The next good model goes into service.")]
    ) { invocation in
        let registry = try invocation.registry()
        let wasPinned = try await BlockingWork.run("models") { _ in
            let present = try registry.current().map { "\($0)" } ?? ""
            return try invocation.audited("model.unpin", of: present) {
                try registry.unpin(reason: invocation.optional(Options.reason) ?? "by hand")
            }
        }
        StandardOutput.write(line: wasPinned ? "trainings promote again" : "nothing was pinned")
    }

    static let prune: Command = Command(
        path: ["models", "prune"], summary: "Remove old models that were never in service.",
        details: """
            Kept are the newest --keep models, every one that was ever in service, and those that a kept one began its
            training with.
            """,
        options: [Options.models.spec, Options.keep.spec, Options.stateFolder.spec], required: ["models", "keep"],
        examples: [
            .init(line: "models prune --models models --keep 10", meaning: "What 'train --keep 10' does after a run.")
        ]
    ) { invocation in
        let registry = try invocation.auditedRegistry()
        let count = try invocation.value(Options.keep)
        let removed = try await BlockingWork.run("models") { _ in try registry.retain(last: count) }
        for id in removed { StandardOutput.write(line: "\(id)") }
        StandardOutput.write(line: "\(Figure.count(removed.count)) models removed")
    }

    private static let model = Command.Argument(
        name: "MODEL", summary: "Name of the model, or the beginning of its name or hash, or 'current'.",
        isOptional: true)
}
