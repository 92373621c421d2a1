/// What an import took and what it refused.
public struct ImportSummary: Sendable, Equatable {
    public var acceptedEvents = 0
    public var acceptedMovies = 0
    /// How many of the accepted were in the store already, from an earlier import of the same file.
    public var knownEvents = 0
    public var knownMovies = 0
    /// How many lines were refused for each reason.
    public var rejected: [String: Int] = [:]
    /// The first few refused lines, for a person to look at.
    public private(set) var examples: [Example] = []

    public struct Example: Sendable, Equatable {
        public var file: String
        public var line: Int
        public var reason: String
    }

    static let keptExamples = 20

    public init() {}

    public var rejectedCount: Int { rejected.values.reduce(0, +) }

    mutating func reject(_ reason: String, file: String, line: Int) {
        rejected[reason, default: 0] += 1
        if examples.count < Self.keptExamples { examples.append(Example(file: file, line: line, reason: reason)) }
    }
}
