internal import Operations

/// What is expected of incoming data, and of which time.
///
/// In a file it is YAML: `window` and `late_after` are lengths of time, and each figure has a bound as `figure_max` or
/// `figure_min`.
///
/// ```yaml
/// window: 1d
/// late_after: 1h
/// reject_share_max: 0.01
/// events_min: 1000
/// volume_ratio_min: 0.5
/// ```
public struct Expectations: Sendable, Hashable {
    public var all: [Expectation]
    /// Seconds back from now within which data was stored that is looked at.
    public var window: Double
    /// Seconds after which an event that is stored counts as late.
    public var lateAfter: Double

    /// What is expected of the last `window` seconds.
    public init(_ all: [Expectation] = [], window: Double = 86_400, lateAfter: Double = 86_400) {
        self.all = all
        self.window = window
        self.lateAfter = lateAfter
    }

    /// Reads a file. Blocks.
    /// - Parameter length: reads a length of time such as `1d`; nil if it is none.
    /// - Throws: ``QualityError/badExpectation(place:text:)``; what reading YAML throws.
    public static func read(fileAt path: String, length: (String) -> Double?) throws -> Expectations {
        let node = try YAML.read(fileAt: path)
        guard case .map(let members) = node.value else {
            throw QualityError.badExpectation(place: "\(path):\(node.line)", text: "no names with values")
        }
        var expectations = Expectations()
        for (key, value) in members {
            func refused(_ text: String) -> QualityError { .badExpectation(place: "\(path):\(value.line)", text: text) }
            guard case .scalar(let text) = value.value else { throw refused(key) }
            switch key {
            case "window", "late_after":
                guard let seconds = length(text), seconds > 0 else { throw refused("\(key): \(text)") }
                if key == "window" { expectations.window = seconds } else { expectations.lateAfter = seconds }
            default:
                let isMaximum = key.hasSuffix("_max")
                guard isMaximum || key.hasSuffix("_min"),
                    let figure = IncomingData.Figure(rawValue: String(key.dropLast(4))),
                    let bound = Double(text), bound.isFinite
                else { throw refused("\(key): \(text)") }
                expectations.all.append(Expectation(figure, isMaximum: isMaximum, bound: bound))
            }
        }
        guard !expectations.all.isEmpty else {
            throw QualityError.badExpectation(place: path, text: "no figure with a bound")
        }
        return expectations
    }
}
