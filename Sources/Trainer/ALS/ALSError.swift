public import Domain
public import Linalg

/// Why a factorisation could not be made.
public enum ALSError: Fault, Equatable {
    /// A parameter is outside its range.
    case parameter(name: String, value: String, expected: String)
    /// There is nothing to learn from.
    case emptyTrainingSet(users: Int, items: Int)
    /// A confidence is NaN or infinite.
    case confidence(user: Int, item: Int, value: Float)
    /// The rank exceeds what the data can determine.
    case rankAboveItems(rank: Int, items: Int)
    /// Factors or rows that belong together differ in shape.
    case shape(what: String, expected: String, found: String)
    /// An item of a history is not in the model.
    case itemOutOfRange(item: Int, items: Int)
    /// The system of one row has no unique solution.
    case singular(side: Side, row: Int)
    /// Factors left the finite numbers.
    case diverged(epoch: Int, side: Side, row: Int)
    /// The training would not fit in memory.
    case memory(needed: Int, available: Int)
    case linalg(LinalgError)

    /// Whose factors a row belongs to.
    public enum Side: String, Sendable {
        case user
        case item
    }

    public var code: String {
        switch self {
        case .parameter: "bad-training-parameter"
        case .emptyTrainingSet: "empty-training-set"
        case .confidence: "bad-confidence"
        case .rankAboveItems: "rank-above-items"
        case .shape: "factor-shape"
        case .itemOutOfRange: "item-out-of-range"
        case .singular: "singular-system"
        case .diverged: "factors-diverged"
        case .memory: "training-too-large"
        case .linalg(let error): error.code
        }
    }

    public var message: String {
        switch self {
        case .parameter(let name, let value, let expected): "\(name) is \(value); it must be \(expected)."
        case .emptyTrainingSet(let users, let items):
            "There are no interactions to train on (\(users) users, \(items) items)."
        case .confidence(let user, let item, let value):
            "The confidence of user row \(user) in item row \(item) is \(value)."
        case .rankAboveItems(let rank, let items): "Rank \(rank) is above the number of items, \(items)."
        case .shape(let what, let expected, let found): "\(what) should be \(expected), not \(found)."
        case .itemOutOfRange(let item, let items): "Item \(item) is not one of the model's \(items) items."
        case .singular(let side, let row): "The equations of \(side.rawValue) row \(row) have no unique solution."
        case .diverged(let epoch, let side, let row):
            "In epoch \(epoch) the factors of \(side.rawValue) row \(row) became infinite or NaN."
        case .memory(let needed, let available):
            "Training needs about \(needed >> 20) MiB; \(available >> 20) MiB are free."
        case .linalg(let error): error.message
        }
    }

    public var advice: String {
        switch self {
        case .parameter: "Change it."
        case .emptyTrainingSet: "Ingest or import events first, or widen the time range."
        case .confidence: "Check the confidence weights: every event must weigh a finite number."
        case .rankAboveItems(_, let items): "Choose a rank of at most \(items)."
        case .shape: "Use factors of the same data and rank."
        case .itemOutOfRange: "Use the item indices of this model."
        case .singular, .diverged: "Raise lambda, or lower the confidences."
        case .memory: "Lower the rank, or train on a machine with more memory."
        case .linalg(let error): error.advice
        }
    }

    public var category: FaultCategory {
        switch self {
        case .parameter, .rankAboveItems: .usage
        case .emptyTrainingSet: .notFound
        case .confidence, .singular, .diverged, .itemOutOfRange: .badData
        case .shape: .internalError
        case .memory: .unavailable
        case .linalg(let error): error.category
        }
    }
}

extension ALSError {
    /// - Throws: ``parameter(name:value:expected:)`` unless the condition holds.
    static func check(
        _ holds: Bool, _ name: String, _ value: some Any, _ expected: String
    ) throws(ALSError) {
        guard holds else { throw .parameter(name: name, value: "\(value)", expected: expected) }
    }

    /// What the parameters of both factorisations have in common.
    static func checkCounts(rank: Int, epochs: Int, threads: Int?) throws(ALSError) {
        try check((1...1024).contains(rank), "rank", rank, "from 1 to 1024")
        try check((1...10_000).contains(epochs), "epochs", epochs, "from 1 to 10000")
        try check(threads == nil || (1...1024).contains(threads!), "threads", threads ?? 0, "from 1 to 1024")
    }
}
