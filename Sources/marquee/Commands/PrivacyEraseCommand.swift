import Domain
import Foundation
import Operations
import Platform
import Trainer

/// `marquee privacy erase`
enum PrivacyEraseCommand {
    static let command: Command = Command(
        path: ["privacy", "erase"], summary: "Erase a person from every place, with a receipt.",
        details: """
            From the first moment there is no list for them and no training on them. Then their rows are taken out of the
            tables, old versions and bounds in the log too, models that learned from them are removed, and the one in
            service is masked until a training without them has replaced it: --retrain trains it now, with the settings
            it has. What is away, such as a search service, stays pending. Killed at any moment, the next run goes on:
            with the same USER, or without one for all that are under way. Of somebody under a legal hold ('privacy hold') nothing
            is removed until it is released; they are masked. See docs/privacy.md.

            The receipt is a file in privacy/receipts of the state folder, with its HMAC-SHA-256 beside it. Exit status
            75 while something is pending.
            """,
        arguments: [.init(name: "USER", summary: "The user; all erasures under way by default.", isOptional: true)],
        options: PrivacyOptions.places + [
            PrivacyOptions.key.spec, retrain.spec, Options.reason.spec, Options.reportFormat.spec,
        ],
        required: PrivacyOptions.required,
        examples: [
            .init(line: "privacy erase u17 --store data --models models", meaning: "As far as it can be done now."),
            .init(
                line: "privacy erase u17 --store data --models models --retrain --format json",
                meaning: "Also makes the model anew, and prints the receipt."),
        ]
    ) { invocation in
        let user = invocation.arguments.isEmpty ? nil : try PrivacyOptions.user(invocation)
        let state = try invocation.state()
        let eraser = Eraser(
            try PrivacyOptions.stores(invocation, state), state: state,
            keyFile: invocation.optional(PrivacyOptions.key))
        var ids: [String] = []
        if let user {
            let reason = invocation.optional(Options.reason) ?? ""
            ids = [try await eraser.begin(user, by: Operator.name, reason: reason).id]
        } else {
            ids = try await eraser.open().map(\.id)
        }
        var records: [ErasureRecord] = []
        for id in ids { records.append(try await eraser.run(id)) }
        if try invocation.value(retrain), records.contains(where: { $0.waitsForTraining }) {
            try await train(invocation, state)
            records = []
            for id in ids { records.append(try await eraser.run(id)) }
        }
        for record in records {
            if try invocation.value(Options.reportFormat) == "json" {
                try await write(record, eraser)
            } else {
                show(record, folder: try invocation.value(Options.stateFolder))
            }
        }
        if records.isEmpty { StandardError.write(line: "privacy: no erasure is under way") }
        if records.contains(where: { $0.state == .pending }) { throw CommandStatus.busy }
    }

    private static let retrain = Option<Bool>.flag(
        "retrain", "Train the model in service anew without the person, and put that one into service.")

    /// Makes the model in service anew of the events that are left, and promotes it.
    private static func train(_ invocation: Invocation, _ state: StateDatabase) async throws {
        let registry = try invocation.auditedRegistry()
        let store = try invocation.store()
        let choices = try PersonalRegister(state).table()
        _ = try await BlockingWork.run("train") { flag in
            var configuration = TrainingConfiguration(
                repeating: try registry.openCurrent().manifest, codeVersion: Release.version)
            configuration.content = try FilmContent.read(from: store)
            let log = try InteractionLog.read(from: store, maxBadRows: 1, choices: choices)
            return try TrainingRun(configuration: configuration, registry: registry).run(log) { _ in try flag.check() }
        }
    }

    private static func write(_ record: ErasureRecord, _ eraser: Eraser) async throws {
        var shown = record
        shown.user = nil
        let receipt = try await eraser.receipt(record.id)
        var line = Array("{\"erasure\":".utf8) + (try receipt?.json ?? shown.json())
        if let receipt { line += Array(",\"hmac_sha256\":\"\(receipt.signature)\"".utf8) }
        StandardOutput.write(line: String(decoding: line + Array("}".utf8), as: UTF8.self))
    }

    private static func show(_ record: ErasureRecord, folder: String) {
        StandardOutput.write(prose: "erasure \(record.id) is \(record.state.rawValue)")
        var table = TextTable([("STORE", .left), ("STANDING", .left), ("FOUND", .right), ("REMOVED", .right)])
        for step in record.steps {
            table.add(
                [
                    step.store, step.standing.rawValue, step.found.map { Figure.count($0) } ?? "",
                    Figure.count(step.removed),
                ], note: step.reason)
        }
        StandardOutput.write(table.text)
        if let since = record.heldSince {
            StandardOutput.write(
                prose: "a legal hold since \(since) keeps all of it: they are masked, and nothing is removed until "
                    + "'marquee privacy hold USER --release'")
        }
        guard record.state == .complete else { return }
        StandardOutput.write(prose: "receipt: \(folder)/privacy/receipts/\(record.id).json")
    }
}

extension ErasureRecord {
    /// Whether a model in service is what is left.
    fileprivate var waitsForTraining: Bool {
        heldSince == nil && steps.contains { $0.store == "models" && $0.standing == .pending }
    }
}
