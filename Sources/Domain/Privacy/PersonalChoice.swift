/// What a person's data may be used for at this moment.
public struct PersonalChoice: Sendable, Hashable {
    /// A purpose that a person may object to.
    public enum Purpose: String, Sendable, CaseIterable {
        /// Models learn from their events.
        case training
        /// Lists are made from their tastes.
        case personal
        /// What lists show them is written down.
        case analytics
    }

    /// What they object to.
    public var objections: Set<Purpose>
    /// Whether they are being erased: until that is complete nothing of theirs is used for anything.
    public var isBeingErased: Bool

    public init(objections: Set<Purpose> = [], isBeingErased: Bool = false) {
        self.objections = objections
        self.isBeingErased = isBeingErased
    }

    /// Nobody has said anything.
    public static let everything = PersonalChoice()

    /// Whether their data may be used for it.
    public func allows(_ purpose: Purpose) -> Bool { !isBeingErased && !objections.contains(purpose) }
}

/// Tells what persons' data may be used for. Quick: it is asked in every request and for every user of a training.
public protocol PersonalChoices: Sendable {
    /// The choice of a user; ``PersonalChoice/everything`` for those who made none.
    func choice(of user: String) -> PersonalChoice

    /// A number that is another one after somebody's choice has changed.
    var revision: Int { get }
}

/// Nobody objects to anything: for programs that keep no choices.
public struct NoObjections: PersonalChoices {
    public init() {}
    public func choice(of user: String) -> PersonalChoice { .everything }
    public var revision: Int { 0 }
}
