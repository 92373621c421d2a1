import Domain
import EventIngest

/// What an import says at its end.
enum ImportReport {
    static func write(_ summary: ImportSummary, _ duration: Duration, hasFailed: Bool) {
        for line in lines(summary, duration, hasFailed: hasFailed) { StandardOutput.write(prose: line) }
    }

    private static func lines(_ summary: ImportSummary, _ duration: Duration, hasFailed: Bool) -> [String] {
        func count(_ number: Int, _ what: String) -> String {
            "\(Figure.count(number)) \(what)\(number == 1 ? "" : "s")"
        }
        var lines: [String] = []
        if !hasFailed {
            lines.append(
                """
                imported \(Figure.count(summary.addedEvents)) events and \
                \(Figure.count(summary.acceptedMovies - summary.knownMovies)) films in \(Figure.seconds(duration))
                """)
            if summary.knownEvents > 0 {
                lines.append("skipped \(count(summary.knownEvents, "event")): the event_id is in the store already")
            }
            if summary.repeatedEvents > 0 {
                let changed =
                    summary.changedEvents == 0
                    ? "" : ", \(Figure.count(summary.changedEvents)) with another value or text"
                lines.append(
                    "skipped \(count(summary.repeatedEvents, "event")): an earlier line has the event_id\(changed)")
            }
            if summary.knownMovies > 0 {
                lines.append("skipped \(count(summary.knownMovies, "film")): the store describes them so already")
            }
        }
        let reasons = summary.rejected.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.count($0.value))" }
        lines.append(
            "rejected \(Figure.count(summary.rejectedCount)) lines"
                + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"))
        for note in ImportSummary.Note.allCases {
            guard let number = summary.notes[note] else { continue }
            let place = note == .longRows ? summary.firstLongRow.map { ", the first \($0.place)" } ?? "" : ""
            lines.append("noted \(Figure.count(number)) \(note.rawValue)\(place)")
        }
        for example in summary.examples {
            let detail = example.detail.map { ": \($0)" } ?? ""
            lines.append("rejected \(example.place): \(example.reason)\(detail)")
        }
        return lines
    }
}
