internal import Domain

/// The states that were in force before the present one, for as long as a list that they began may be paged through.
/// Few of them: each holds a model.
struct RetiredStates {
    private var states: [(state: ServingState, at: ContinuousClock.Instant)] = []
    /// A model that only a cursor remembers.
    private var reopened: (id: String, state: ServingState?, at: ContinuousClock.Instant)?

    /// How long a state is kept.
    static let lifetime = Duration.seconds(600)
    static let maximum = 2

    /// A state that was just replaced; of more than ``maximum`` the oldest goes.
    mutating func add(_ state: ServingState, now: ContinuousClock.Instant) {
        states.removeAll { $0.state.model.identity.id == state.model.identity.id }
        states.append((state, now))
        if states.count > Self.maximum { states.removeFirst() }
    }

    func state(of modelID: String) -> ServingState? {
        if let kept = states.last(where: { $0.state.model.identity.id == modelID }) { return kept.state }
        return reopened?.id == modelID ? reopened?.state : nil
    }

    /// Whether a model may be opened again: not while another one is that was.
    mutating func mayReopen(_ modelID: String, now: ContinuousClock.Instant) -> Bool {
        forget(now: now)
        if let reopened { return reopened.id == modelID }
        reopened = (modelID, nil, now)
        return true
    }

    mutating func reopen(_ state: ServingState, now: ContinuousClock.Instant) {
        reopened = (state.model.identity.id, state, now)
    }

    /// Forgets what is older than ``lifetime``.
    mutating func forget(now: ContinuousClock.Instant) {
        states.removeAll { now - $0.at > Self.lifetime }
        if let reopened, now - reopened.at > Self.lifetime { self.reopened = nil }
    }
}
