import Delimited

/// What an import took, what it left out, and what it refused.
public struct ImportSummary: Sendable, Equatable {
    /// Lines that are events.
    public var acceptedEvents = 0
    /// Lines that are films.
    public var acceptedMovies = 0
    /// How many of the accepted were not stored because their `event_id` was looked up and found in the table.
    public var knownEvents = 0
    /// How many were not stored because an earlier line of the same import has their `event_id`.
    public var repeatedEvents = 0
    /// How many of the repeated say something else than that earlier line: another value, or another text.
    public var changedEvents = 0
    /// How many films the table describes so already.
    public var knownMovies = 0
    /// How many lines were refused for each reason.
    public var rejected: [String: Int] = [:]
    /// The first few refused lines, for a person to look at.
    public private(set) var examples: [Example] = []
    /// How many accepted values were read otherwise than letter for letter.
    public var notes: [Note: Int] = [:]
    /// The first accepted row that goes over several lines.
    public private(set) var firstLongRow: Example?

    /// Something that was read otherwise than it is written.
    public enum Note: String, CaseIterable, Sendable {
        case trimmedIdentifiers = "identifiers read without the blanks around them"
        case wholeIdentifiers = "identifiers like 3.0 read as 3"
        case longRows = "rows that go over several lines"
        case scaledValues = "values scaled to stars"
    }

    /// A place in a file.
    public struct Example: Sendable, Equatable {
        /// Its name, without folders.
        public var file: String
        /// From 1.
        public var lines: ClosedRange<Int>
        /// What is counted in ``ImportSummary/rejected``.
        public var reason: String
        /// The value, and what it should have been.
        public var detail: String?

        /// The first line.
        public var line: Int { lines.lowerBound }
        /// `plays.csv:3-5`.
        public var place: String { "\(file):\(lines.count == 1 ? "\(line)" : "\(line)-\(lines.upperBound)")" }
    }

    static let keptExamples = 20

    /// Nothing so far.
    public init() {}

    /// Lines that were refused, for whatever reason.
    public var rejectedCount: Int { rejected.values.reduce(0, +) }
    /// Events that were new.
    public var addedEvents: Int { acceptedEvents - knownEvents - repeatedEvents }

    mutating func reject(_ refusal: Refusal, file: String, lines: ClosedRange<Int>) {
        rejected[refusal.reason, default: 0] += 1
        if examples.count < Self.keptExamples {
            examples.append(
                Example(file: file, lines: lines, reason: refusal.reason, detail: refusal.detail))
        }
    }

    mutating func note(_ note: Note) { notes[note, default: 0] += 1 }

    /// To be called for the row of every accepted event or film.
    mutating func accept(_ reader: DelimitedReader, file: String) {
        guard reader.lastLine > reader.line else { return }
        note(.longRows)
        if firstLongRow == nil {
            firstLongRow = Example(file: file, lines: reader.line...reader.lastLine, reason: "")
        }
    }

    /// Most likely why nothing could be used: what is wrong with most lines, and what to do.
    public var likelyCause: String {
        guard let (reason, count) = rejected.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
            return "it has no line with an event"
        }
        let example = examples.first { $0.reason == reason }
        let seen = example.map { " (\($0.place)\($0.detail.map { ": \($0)" } ?? ""))" } ?? ""
        let cure =
            switch reason {
            case "wrong-number-of-fields": "; perhaps --separator is another"
            case "unclosed-quote", "text-after-quote": "; perhaps --quote or --escape is another"
            case "invalid-utf8": "; perhaps it is ISO 8859-1 (--latin-1)"
            case "value-out-of-range": "; perhaps they are on another scale (--scale LOW..HIGH)"
            case "invalid-time", "time-out-of-window": "; perhaps another column is the time"
            case "empty-id", "null-id", "invalid-id": "; perhaps another column is the user or the item"
            default: ""
            }
        return "none of its lines is usable: \(reason) \(count) of \(rejectedCount)\(seen)\(cure)"
    }
}

extension DelimitedReader {
    /// The next row; lines that are none are counted.
    /// - Returns: false at the end of the file.
    func nextRow(countingIn summary: inout ImportSummary, file: String) throws -> Bool {
        while true {
            switch try next() {
            case .row: return true
            case .end: return false
            case .refused(let reason):
                let detail = reason == .invalidUTF8 ? "not UTF-8; --latin-1 reads ISO 8859-1" : nil
                summary.reject(Refusal(reason.rawValue, detail), file: file, lines: line...max(line, lastLine))
            }
        }
    }

    /// Counts the current row as refused. One of several lines that should not be is most likely a quote that was never
    /// closed: then only its first line is refused, and the others are read again.
    func refuse(_ refusal: Refusal, mayBeQuote: Bool, into summary: inout ImportSummary, file: String) throws {
        if mayBeQuote, lastLine > line {
            try resumeBehindFirstLine()
            summary.reject(Refusal(Reason.unclosedQuote.rawValue), file: file, lines: line...line)
        } else {
            summary.reject(refusal, file: file, lines: line...lastLine)
        }
    }
}
