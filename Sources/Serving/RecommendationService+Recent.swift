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
            let newEvents = events != (seen?.events ?? 0)
            renewRecent(state)
            var next = state
            if newEvents { next = await moveNewFilms(state) }
            seen = (next.identity, events)
            if next.identity != state.identity { renewRecent(next) }
            // At most a twentieth of one core.
            pause = max(.seconds(1), (ContinuousClock.now - began) * 20)
        }
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
