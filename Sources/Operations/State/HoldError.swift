public import Domain

/// Why a legal hold cannot be placed.
public enum HoldError: Fault, Equatable {
    /// An erasure has begun to remove what there is of the person.
    case beingRemoved(since: Timestamp)
    /// A process removes what is too old, and asked for the holds when it began.
    case retentionUnderWay(holder: String)
    /// There is one, for another reason.
    case heldForAnotherReason(since: Timestamp, who: String, reason: String)

    public var code: String {
        switch self {
        case .beingRemoved: "hold-too-late"
        case .retentionUnderWay: "retention-under-way"
        case .heldForAnotherReason: "held-for-another-reason"
        }
    }

    public var message: String {
        switch self {
        case .beingRemoved(let since):
            "The person is being erased, and removing has begun at \(since): no hold can keep all of them any more."
        case .retentionUnderWay(let holder): "What is too old is being removed by \(holder): no hold can begin now."
        case .heldForAnotherReason(let since, let who, let reason):
            "The person is held since \(since), by \(who), for another reason: '\(reason)'."
        }
    }

    public var advice: String {
        switch self {
        case .beingRemoved: "Take what is left with 'marquee privacy export'; 'marquee privacy erase' ends the erasure."
        case .retentionUnderWay: "Try again when it has ended; 'marquee privacy audit' says when it began."
        case .heldForAnotherReason:
            "Release that hold first ('marquee privacy hold USER --release'), or give no --reason."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .beingRemoved, .retentionUnderWay: .unavailable
        case .heldForAnotherReason: .usage
        }
    }
}
