import Foundation
import TestSupport
import Testing

/// Changes made by commands are in the audit log, and it says the same as the history of the models.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CommandAuditTests {
    private func changes(_ folder: URL) async throws -> [(action: String, target: String, outcome: String)] {
        // A state that nobody has written to yet is an empty folder; one that is not there is refused.
        try FileManager.default.createDirectory(
            at: folder.appending(path: "state"), withIntermediateDirectories: true)
        let audit = try await Loop.run(
            ["privacy", "audit", "--format", "jsonl", "-n", "1000"] + state(folder), in: folder)
        return try audit.split(separator: "\n").reversed().map { line in
            let entry = try Loop.json(String(line))
            return (
                entry["action"] as? String ?? "", entry["target"] as? String ?? "", entry["outcome"] as? String ?? ""
            )
        }
    }

    private func state(_ folder: URL) -> [String] { ["--state", folder.appending(path: "state").path] }

    @Test func theLogHasWhatTrainingsAndCommandsDidToModels() async throws {
        try await TwoModels.with { folder, data, models, ids in
            let place = ["--models", models] + state(folder)
            let train = ["train", "--store", data, "--rank", "4", "--epochs", "1"] + place
            try await Loop.run(train + ["--seed", "11", "--promote", "always"], in: folder)
            try await Loop.run(["models", "rollback", "--reason", "odd lists"] + place, in: folder)
            try await Loop.run(["models", "unpin"] + place, in: folder)
            try await Loop.run(["models", "promote", ids[1], "--reason", "by eye"] + place, in: folder)
            _ = try await MarqueeProcess.run(train + ["--seed", "12", "--promote", "never"], in: folder)
            try await Loop.run(["models", "prune", "--keep", "1"] + place, in: folder)
            let done = try await changes(folder).filter { $0.outcome == "done" && $0.action.hasPrefix("model.") }

            // The part of the history that was made with this log.
            let lines = try String(contentsOfFile: "\(models)/history.jsonl", encoding: .utf8).split(separator: "\n")
            let history = try lines.map { try Loop.json(String($0)) }.filter { $0["action"] as? String != "published" }
            let actions = [
                "promoted": "model.promote", "rolled-back": "model.rollback", "unpinned": "model.unpin",
            ]
            // Earlier trainings of this folder are in it, too; the demo's own are not.
            let changed = done.filter { $0.action != "model.prune" }
            let told = history.suffix(changed.count)
            #expect(told.compactMap { actions[$0["action"] as? String ?? ""] } == changed.map(\.action))
            #expect(
                changed.suffix(4).map(\.action) == ["model.promote", "model.rollback", "model.unpin", "model.promote"])
            #expect(told.suffix(4).first?["model"] as? String == changed.suffix(4).first?.target)
            // What is gone was said to go.
            let left = Set(try FileManager.default.contentsOfDirectory(atPath: models))
            for pruned in done where pruned.action == "model.prune" {
                #expect(
                    !left.contains(pruned.target)
                        || !FileManager.default.fileExists(
                            atPath: "\(models)/\(pruned.target)/manifest.json")
                )
            }
            #expect(
                try await Loop.run(["privacy", "audit", "--verify"] + state(folder), in: folder).contains("entries"))
        }
    }

    @Test func theLogHasWhatCommandsDidToTablesAndNobodysName() async throws {
        try await withTemporaryFolder { folder in
            let (data, _) = try await Loop.trained(in: folder)
            let table = "\(data)/events"
            let condition = "user_id = 'u17'"
            try await Loop.run(
                ["store", "delete", table, "--where", condition, "--dry-run"] + state(folder), in: folder)
            #expect(try await changes(folder).isEmpty)
            try await Loop.run(
                ["store", "delete", table, "--where", condition, "--reason", "asked for"] + state(folder), in: folder)
            try await Loop.run(["store", "vacuum", table, "--retention-hours", "0"] + state(folder), in: folder)
            try await Loop.refused(
                ["store", "restore", table, "--version", "0"] + state(folder), in: folder, status: 65, saying: [])
            let changes = try await changes(folder)
            #expect(
                changes.map { "\($0.action) \($0.outcome)" } == [
                    "store.delete begun", "store.delete done", "store.vacuum begun", "store.vacuum done",
                    "store.restore begun", "store.restore failed",
                ])
            #expect(changes.allSatisfy { $0.target.hasPrefix(table) && !$0.target.contains("u17") })
        }
    }
}
