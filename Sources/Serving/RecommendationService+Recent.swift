internal import Domain
internal import Operations
internal import Trainer

extension RecommendationService {
    /// Keeps what is liked lately, and the rows of films that are new to the model, as new as the events, in the
    /// background: no request pays for it.
    func followRecent() async {
        var seen: (state: UInt64, events: Int)?
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            let state = current
            let events = trends.accepted
            guard seen?.state != state.identity || seen?.events != events else { continue }
            let began = ContinuousClock.now
            let next = await renewed(state, hasNewEvents: events != (seen?.events ?? 0))
            seen = (next.identity, events)
            // At most a twentieth of one core.
            pause = max(.seconds(1), (ContinuousClock.now - began) * 20)
        }
    }

    /// Does the same at once with what was remembered: before the first answer, which would be another one a second later.
    public func catchUp() async {
        let state = current
        _ = await renewed(state, hasNewEvents: trends.accepted > 0)
    }

    /// - Returns: the state that is in force afterwards.
    private func renewed(_ state: ServingState, hasNewEvents: Bool) async -> ServingState {
        renewRecent(state)
        let next = hasNewEvents ? await moveNewFilms(state) : state
        if next.identity != state.identity { renewRecent(next) }
        return next
    }

    /// Counts the events since the model in.
    func renewRecent(_ state: ServingState) {
        guard let board = state.recent else { return }
        let likings = board.likings
        if let since = trends.likings(after: likings.at, halfLifeDays: likings.halfLifeDays, in: state) {
            board.renew(with: since.sums, at: since.at)
        }
    }
}
