public import Domain

/// What is wrong with expectations, or with the data.
public enum QualityError: Fault, Equatable {
    /// Something that is no expectation, and where it stands.
    case badExpectation(place: String, text: String)
    /// Data that is not as expected.
    case breached(what: [String])

    public var code: String {
        switch self {
        case .badExpectation: "bad-expectation"
        case .breached: "quality-breached"
        }
    }

    public var message: String {
        switch self {
        case .badExpectation(let place, let text): "\(place): '\(text.prefix(80))' is no expectation of incoming data."
        case .breached(let what): "The incoming data is not as expected: \(what.joined(separator: "; "))."
        }
    }

    public var advice: String {
        switch self {
        case .badExpectation:
            "Write a figure with _max or _min and a number: "
                + IncomingData.Figure.allCases.map(\.rawValue).joined(separator: ", ") + "."
        case .breached: "'marquee catalog quality' says more; nothing was trained on it."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .badExpectation: .usage
        case .breached: .badData
        }
    }
}
