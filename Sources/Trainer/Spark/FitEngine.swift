public import Domain

/// Fits factors in place of this process: a cluster that reads the same version of the same table.
///
/// Everything else of a training stays where it is: events are read and split here, the factors that an engine hands back are
/// measured, gated and published here like any others.
public protocol FitEngine: Sendable {
    /// Fits one part of the events. Blocks for as long as that takes.
    /// - Parameter note: called several times a second, with words where there is something new; what it throws ends the fit.
    /// - Returns: nil if the engine has nothing of this part, and the process shall fit it itself.
    func fit(_ request: FitRequest, note: (String?) throws -> Void) throws -> EngineFit?

    /// Whether its settings are all that decides its factors. Of a model of other origin nobody knows: two with one rank may be
    /// different models.
    var isKnownByItsSettings: Bool { get }

    /// Called when a run has ended, however it did: what was made for it is not needed any more. Blocks.
    func finish()
}

extension FitEngine {
    public var isKnownByItsSettings: Bool { true }

    /// Nothing is left that could be removed.
    public func finish() {}
}

/// Which events a fit is of.
public enum EventPart: Hashable, Sendable, CustomStringConvertible {
    case all
    /// Those before a time.
    case before(Timestamp)
    /// All but the last liked item of every user with at least two.
    case exceptLast

    /// As a folder is called: `all`, `before-1790000000000000` (microseconds), `except-last`.
    public var description: String {
        switch self {
        case .all: "all"
        case .before(let time): "before-\(time.microseconds)"
        case .exceptLast: "except-last"
        }
    }
}

/// One fit: which events of which table, with which settings, and what must come of them.
public struct FitRequest {
    /// Where the table of events is, as ``InteractionLog/source`` has it.
    public let table: String
    /// Its version.
    public let version: Int64
    /// When that was committed: no event ages by what lies after it.
    public let clock: Timestamp
    public let part: EventPart
    public let recipe: ModelRecipe
    /// The users and items that the factors must be of, and what is known between them.
    public let training: TrainingSet
    /// Identifiers of users who do not allow that models learn from them.
    let leftOut: IdentifierPool

    /// - Returns: nil of events that are no version of a table.
    init?(_ log: InteractionLog, _ part: EventPart, of training: TrainingSet, _ recipe: ModelRecipe) {
        guard let version = log.version else { return nil }
        table = log.source
        self.version = version
        clock = log.clock
        self.part = part
        self.recipe = recipe
        self.training = training
        leftOut = log.leftOutUsers
    }

    /// Identifiers of users who do not allow that models learn from them, in no order.
    public var leftOutUsers: [String] { leftOut.ids }
}

/// What an engine made of one part.
public struct EngineFit: Sendable {
    /// In the indices of the request's training set.
    public var factors: ALSFactors
    /// Wall-clock time of the fit.
    public var seconds: Double
    public var engine: Manifest.Engine

    public init(factors: ALSFactors, seconds: Double, engine: Manifest.Engine) {
        self.factors = factors
        self.seconds = seconds
        self.engine = engine
    }
}
