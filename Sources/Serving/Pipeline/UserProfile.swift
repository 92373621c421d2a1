internal import Domain
internal import Linalg
internal import Trainer

/// How well a user is known.
public enum UserState: String, CaseIterable, Sendable {
    /// By the model, with nothing newer.
    case known
    /// By the model and newer events, or by newer events alone.
    case foldedIn = "folded_in"
    /// Not at all.
    case new
    /// They object to lists of their own: this one is for everybody.
    case objected
    /// They are being erased: until that is complete their list is for everybody.
    case erased
}

extension UserState {
    /// Why a user's data may not be used for a list; nil if it may.
    init?(withheldBy choice: PersonalChoice) {
        guard !choice.allows(.personal) else { return nil }
        self = choice.isBeingErased ? .erased : .objected
    }
}

/// What is known of a user at this moment: the model's history and the events since, as one.
struct UserProfile: Sendable {
    var state: UserState
    /// nil if the factors have nothing to say.
    var vector: [Float]?
    /// Places of liked items with their confidences.
    var likes: [(place: Int32, weight: Float)]
    /// The items liked since the model, the newest first.
    var newest: [Int32]
    /// Places of everything the user ever had to do with.
    var seen: [Int32]
    /// The user's row in the model; nil for one that it does not know.
    private let user: UserIndex?
    /// Places of what the user viewed or reviewed since the model.
    private let watchedSince: [Int32]
    /// The row that the vector is, or would be, solved from: the model's items, and confidences, below zero for dislikes.
    var row: (items: [ItemIndex], confidences: [Float]) = ([], [])
    var degraded: [String] = []

    static let maximumSeeds = LearnedBlend.contentSeeds

    /// - Parameters:
    ///   - userID: as a request has it; nil for somebody who is only what they do now.
    ///   - context: what counts for this one list, newer than all else, and is kept nowhere.
    ///   - until: what happened later is not known yet.
    ///   - item: whose newer events are left out.
    init(
        of userID: String?, with context: [EventOverlay.Fresh] = [], until: Timestamp? = nil,
        without item: String? = nil, in state: ServingState, overlay: EventOverlay
    ) {
        let model = state.model
        let userID = userID.map { overlay.known($0) }
        let withheld = userID.flatMap { UserState(withheldBy: overlay.choice(of: $0)) }
        let known = withheld == nil ? userID : nil
        let user = known.flatMap { model.userIndex(of: $0) }
        var events = known.map { overlay.events(of: $0, after: user.map { model.lastEvent(of: $0) }) } ?? []
        if let until { events.removeAll { $0.at > until } }
        if let item { events.removeAll { $0.itemID.isExactly(item) } }
        if !context.isEmpty { events += context }
        // An item that neither model nor catalogue knows can neither be shown nor say anything.
        let fresh = events.compactMap { event in
            state.items.place(of: event.itemID).map { (place: $0, event: event) }
        }
        self.user = user
        watchedSince = fresh.filter { EventKinds($0.event.kind).hasWatched }.map(\.place)
        let history: (items: [ItemIndex], confidences: [Float]) = user.map { model.history(of: $0) } ?? ([], [])
        let hasLikes = history.confidences.contains { $0 > 0 }
        if fresh.isEmpty {
            self.state = withheld ?? (user == nil ? .new : .known)
            likes = zip(history.items, history.confidences).filter { $0.1 > 0 }
                .map { (place: $0.0.rawValue, weight: $0.1) }
            seen = history.items.map(\.rawValue)
            vector = hasLikes ? user.map { model.vector(of: $0) } : nil
            row = history
            newest = []
            return
        }
        // The same sums the trainer makes, over the whole history: events of one item add up, and count as a liking
        // if the sum is above zero.
        var sums: [Int32: Float] = [:]
        for (item, confidence) in zip(history.items, history.confidences) { sums[item.rawValue] = confidence }
        for (place, event) in fresh where model.weights.counts(event.kind) {
            let weight = model.weights.weight(of: event.kind, value: event.value)
            sums[place] = model.weights.joined(sums[place] ?? 0, with: weight)
        }
        let ceiling = model.weights.ceiling
        likes = sums.filter { $0.value > 0 }.map { (place: $0.key, weight: min($0.value, ceiling)) }
            .sorted { $0.place < $1.place }
        seen = Set(sums.keys).union(fresh.map(\.place)).sorted()
        self.state = withheld ?? .foldedIn
        newest = fresh.reversed().map(\.place).filter { sums[$0, default: 0] > 0 }
        guard likes.contains(where: { Int($0.place) < state.items.modelCount }) else { return }
        // Dislikes belong to the equation, as in training.
        let items = sums.keys.filter { Int($0) < state.items.modelCount }.sorted()
        row = (
            items.map { ItemIndex(rawValue: $0) }, items.map { min(ceiling, max(-ceiling, sums[$0, default: 0])) }
        )
        do {
            vector = try state.foldIn.vector(items: items, confidences: row.confidences)
        } catch {
            vector = !hasLikes ? nil : user.map { model.vector(of: $0) }
            degraded.append("fold_in")
        }
    }

    /// The liked items that content similarity starts from: the newest first, then the surest. O(likes log likes).
    var seeds: [Int32] { LearnedBlend.seeds(newest: newest, likes: likes, most: Self.maximumSeeds) }

    /// Places of what a list leaves out of the user's past.
    func seen(_ policy: RecommendationQuery.ExcludeSeen, in state: ServingState) -> [Int32] {
        switch policy {
        case .none: return []
        case .interacted: return seen
        case .watched:
            guard let user else { return watchedSince }
            guard let kinds = state.model.kinds(of: user) else { return seen }
            let history = state.model.history(of: user).items
            return zip(history, kinds).filter { $1.hasWatched }.map { $0.0.rawValue } + watchedSince
        }
    }
}
