import Columnar
import Domain
import Foundation
import Operations
import Platform
import Store
import Trainer

/// `marquee store optimize|vacuum|verify|restore`: looking after a table. Each prints what it did, one fact a line.
enum StoreCareCommand {
    static let optimize: Command = Command(
        path: ["store", "optimize"], summary: "Write the small files of a table anew as large ones.",
        details: """
            Rows of a partition come in order of time. The rows of the table stay the same, older versions stay
            readable, and others may go on writing. The small files go with 'store vacuum'. With --every it goes on until
            it is interrupted, as 'ingest' does by itself: it merges the files of days that are over and of those with
            many small ones, with the least priority, and removes what no kept version needs.

            Events that an earlier version stored in a folder for each day are put into files that follow the days without
            folders, so that old history takes few files; --keep-folders leaves the folders. Of events that were stored twice
            one is left.
            """, arguments: [directory], options: [targetMegabytes.spec, every.spec, keepFolders.spec],
        examples: [
            .init(line: "store optimize data/events", meaning: "Few files instead of thousands."),
            .init(
                line: "store optimize data/events --every 1m",
                meaning: "Keeps a table tidy that another program writes."),
        ]
    ) { invocation in
        let megabytes = try invocation.value(targetMegabytes)
        let path = invocation.arguments[0]
        let keeps = try invocation.value(keepFolders)
        if let seconds = invocation.optional(every) {
            // What is no table is said at once, and not every minute.
            try await BlockingWork.run("store") { _ in _ = try invocation.table() }
            let size = Int64(megabytes) << 20
            let policy = TidyPolicy(smallSize: min(32 << 20, size), targetSize: size)
            return try await TidyService(tables: [invocation.place(path)], every: .seconds(seconds), policy: policy)
                .run()
        }
        try await BlockingWork.run("store") { _ in
            let table = try invocation.table()
            let size = Int64(megabytes) << 20
            let isEvents = try isEvents(table)
            let clustered = keeps || !isEvents ? nil : try table.cluster(by: EventColumn.eventDate, targetSize: size)
            print(try clustered ?? table.optimize(targetSize: size))
            guard isEvents, !(try table.snapshot().isAppendOnly) else { return }
            let repeated = try table.removeRepeated(EventColumn.eventID).rowsDeleted
            if repeated > 0 {
                StandardOutput.write(line: "\(Figure.count(Int(repeated))) events removed that were stored twice")
            }
        }
    }

    static let vacuum: Command = Command(
        path: ["store", "vacuum"], summary: "Remove files that no kept version of a table needs.",
        details: """
            Versions older than the retention can then no longer be read. With a retention of 0 nothing is left of
            deleted rows; use it only while nobody writes.
            """, arguments: [directory],
        options: [retentionHours.spec, dryRun.spec, Options.reason.spec, Options.stateFolder.spec],
        examples: [
            .init(line: "store vacuum data/events --dry-run", meaning: "Only lists the files."),
            .init(line: "store vacuum data/events --retention-hours 0", meaning: "Keeps the newest version only."),
        ]
    ) { invocation in
        let hours = invocation.optional(retentionHours)
        let isRehearsal = try invocation.value(dryRun)
        try await BlockingWork.run("store") { _ in
            let table = try invocation.table()
            let retention = hours.map { Int64($0) * 3600 }
            let report =
                isRehearsal
                ? try table.vacuum(retention: retention, dryRun: true)
                : try invocation.auditedWhereKept("store.vacuum", of: invocation.arguments[0]) {
                    try table.vacuum(retention: retention, dryRun: false)
                }
            for file in report.files { StandardOutput.write(line: file) }
            let files = "\(Figure.count(report.files.count)) files, \(Figure.bytes(Int(report.bytes)))"
            StandardOutput.write(line: isRehearsal ? "would remove \(files)" : "removed \(files)")
        }
    }

    static let verify: Command = Command(
        path: ["store", "verify"], summary: "Read every byte of a table and check it against the log.",
        details: """
            Presence, size, footer, checksums and rows of every file, and whether counts and bounds are true. Of the
            events of a store also how many rows break the rules of events: training leaves those out.
            """,
        arguments: [directory], options: [Options.version.spec],
        examples: [.init(line: "store verify data/events", meaning: "Exits with 65 if anything is wrong.")]
    ) { invocation in
        let version = invocation.optional(Options.version).map(Int64.init)
        try await BlockingWork.run("store") { _ in
            let report = try invocation.table().verify(version: version)
            for column in report.unseen { StandardOutput.write(prose: column.line) }
            for problem in report.problems { StandardOutput.write(prose: "\(problem.path): \(problem.reason)") }
            StandardOutput.write(
                line: "version \(report.version): \(Figure.count(report.files)) files, "
                    + "\(Figure.count(Int(report.rows))) rows, \(Figure.bytes(Int(report.bytes)))\n"
                    + "\(Figure.count(report.pages)) pages, \(Figure.count(report.checksums)) with checksums, "
                    + "\(Figure.count(report.unseen.count)) columns not looked into, "
                    + "\(Figure.count(report.problems.count)) problems")
            if let rows = try badEvents(invocation, version) {
                StandardOutput.write(
                    prose: "\(Figure.count(rows.count)) of them are no events and are left out of training: "
                        + rows.text)
            }
            if let first = report.problems.first {
                throw ColumnarError.malformed(file: first.path, reason: first.reason)
            }
        }
    }

    static let restore: Command = Command(
        path: ["store", "restore"], summary: "Make a table what it was at an older version.",
        details: "By a new commit: nothing is lost, and the progress of ingestion stays as it is.",
        arguments: [directory], options: [Options.version.spec, Options.reason.spec, Options.stateFolder.spec],
        required: [Options.version.spec.name],
        examples: [.init(line: "store restore data/events --version 41", meaning: "Undoes what came after it.")]
    ) { invocation in
        let version = try invocation.value(Options.version)
        try await BlockingWork.run("store") { _ in
            let table = try invocation.table()
            print(
                try invocation.auditedWhereKept("store.restore", of: "\(invocation.arguments[0]) version \(version)") {
                    try table.restore(version: Int64(version))
                })
        }
    }

    /// Whether a table has the columns of events.
    private static func isEvents(_ table: DeltaTable) throws -> Bool {
        let schema = try table.snapshot().schema
        return TableContract.events.schema.fields.allSatisfy { $0.nullable || schema[$0.name]?.type == $0.type }
    }

    /// The rows of a store's events table that are no events; nil if there are none, or if it is another table.
    private static func badEvents(_ invocation: Invocation, _ version: Int64?) throws -> BadRows? {
        guard let parent = parent(of: invocation.arguments[0]) else { return nil }
        do {
            let store = EventStore(try invocation.place(parent))
            let rows = try InteractionLog.badRows(of: store, version: version)
            return rows.count > 0 ? rows : nil
        } catch is TrainerError {
            // It is called so and is no table of events.
            return nil
        }
    }

    /// The place of the store that a table called as those of events are is in; nil for a table of another name.
    private static func parent(of place: String) -> String? {
        guard place.contains("://") else {
            let folder = URL(filePath: place).standardizedFileURL
            return folder.lastPathComponent == TableContract.events.name ? folder.deletingLastPathComponent().path : nil
        }
        var address = place[...]
        while address.hasSuffix("/") { address.removeLast() }
        let end = "/\(TableContract.events.name)"
        return address.hasSuffix(end) ? String(address.dropLast(end.count)) : nil
    }

    private static let directory = Command.tableArgument
    private static let targetMegabytes = Option<Int>.integer(
        "target-megabytes", in: 1...2048, default: 128, "Files this large are left alone.")
    private static let every = Option<Double>.seconds(
        "every", "Look at the table this often, until interrupted; by day and number of files, see above."
    ).set(as: "optimize-every")
    private static let keepFolders = Option<Bool>.flag(
        "keep-folders", "Leave a folder for each day where there is one.")
    private static let retentionHours = Option<Int>.integer(
        "retention-hours", in: 0...876_000, "Keep what versions of the last N hours need; the table's own by default.")
    private static let dryRun = Option<Bool>.flag("dry-run", "Only say what would be removed.")

    private static func print(_ report: RewriteReport) {
        guard let version = report.version else {
            StandardOutput.write(line: "nothing to do")
            return
        }
        StandardOutput.write(
            prose: "version \(version): \(Figure.count(report.filesRemoved)) files of "
                + "\(Figure.bytes(Int(report.bytesRemoved))) out, \(Figure.count(report.filesAdded)) of "
                + "\(Figure.bytes(Int(report.bytesAdded))) in")
    }
}
