// Rows of a Delta table, whoever wrote it, with a condition that skips files, row groups and pages.
//
//     read-delta-table data/events "kind = 'like' and at >= '2026-11-01'"

import Columnar
import Foundation

let words = CommandLine.arguments
guard (2...3).contains(words.count) else {
    print("usage: read-delta-table TABLE [CONDITION]")
    exit(64)
}

do {
    let table = try DeltaTable.open(at: words[1])
    // One version, whatever is committed meanwhile. `snapshot(version:)` and `snapshot(asOf:)` travel in time.
    let snapshot = try table.snapshot()
    print("version \(snapshot.version): \(snapshot.schema.names.joined(separator: ", "))")

    // The condition is checked against the schema: a name or a type that does not fit is an error, not an empty answer.
    let condition = try words.count == 3 ? Predicate(words[2], schema: snapshot.schema) : nil
    var scan = try snapshot.scan(where: condition)
    var rows = 0
    var nulls = [Int](repeating: 0, count: scan.schema.names.count)
    // A batch is a row group's worth of columns: flat arrays, looked at once a column, not once a value.
    while let batch = try scan.next() {
        rows += batch.rowCount
        for (place, column) in batch.columns.enumerated() {
            nulls[place] += column.nullCount
        }
    }
    print("\(rows) rows")
    for (name, count) in zip(scan.schema.names, nulls) where count > 0 { print("\(name) is null in \(count)") }

    // What happened to the table, newest first.
    for commit in try table.history(limit: 3) { print("commit \(commit.version): \(commit.operation ?? "?")") }
} catch {
    print("read-delta-table: \(error)")
    exit(65)
}
