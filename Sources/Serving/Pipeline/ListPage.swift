internal import Catalog
internal import Domain

/// Which page of a list is asked for, and all that makes it the same list as on the page before.
struct ListPage: Sendable {
    var request: ListRequest
    /// The page before, if there is one.
    let cursor: ListCursor?
    /// What chance goes by, on every page of this list.
    let seed: UInt64
    private let fingerprint: UInt64

    /// - Parameter identity: what it is a list of, such as `users/42`.
    /// - Throws: for a cursor that is none, is too old, or is of another list.
    init(_ request: ListRequest, of identity: String, now: Timestamp = .now) throws(ServingError) {
        self.request = request
        fingerprint = Self.fingerprint(request, identity)
        guard let text = request.cursor else {
            cursor = nil
            seed = request.seed ?? (request.exploration > 0 ? UInt64.random(in: 0..<1 << 53) : 0)
            return
        }
        let cursor = try ListCursor(text)
        guard cursor.fingerprint == fingerprint else { throw .cursorOfAnotherList }
        try ListCursor.check(madeAt: cursor.madeAt, at: now)
        self.cursor = cursor
        seed = cursor.seed
    }

    /// How long the list must be to have this page in it.
    var depth: Int { (cursor?.given.count ?? 0) + request.count }

    /// How many of the first of a ranking decide what is on the page, and whether there is another one; nil where all of them do.
    func leading(_ rules: ListRules) -> Int? {
        guard rules.boosts.isEmpty, request.exploration == 0, request.diversity == 0 else { return nil }
        return depth + 1
    }

    /// Later pages know no newer events than the first.
    var until: Timestamp? { cursor?.madeAt }

    /// The cursor of the page behind `items`, or nil where lists end.
    func next(after items: [Ranked], of state: ServingState) -> String? {
        next(after: items.map { state.items.texts.hash($0.place) }, of: state)
    }

    /// The same behind a first page that is everybody's. It is of a whole second: no event has a say in such lists.
    func next(after page: PopularPages.Page, of state: ServingState) -> String? {
        guard let given = page.given else { return nil }
        let madeAt = Timestamp(seconds: Timestamp.now.seconds)
        return page.cursor(madeAt: madeAt, fingerprint) { next(after: given, madeAt: madeAt, of: state) }
    }

    /// - Parameter items: by ``ItemTexts/hash(_:)``.
    func next(after items: [UInt64], madeAt: Timestamp = .now, of state: ServingState) -> String? {
        let before = cursor?.given ?? []
        guard before.count + items.count < ListCursor.maximumGiven else { return nil }
        return ListCursor(
            madeAt: cursor?.madeAt ?? madeAt, modelID: state.model.identity.id, fingerprint: fingerprint, seed: seed,
            given: before + items
        ).text
    }

    /// Of everything that decides which items are in the list and where; not of how many a page has and how they are
    /// shown.
    static func fingerprint(_ request: ListRequest, _ identity: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(identity)
        hash.combine(request.excludeSeen.rawValue)
        hash.combine(request.contentWeight.map { UInt64($0.bitPattern) } ?? .max)
        hash.combine(UInt64(request.diversity.bitPattern))
        hash.combine(UInt64(request.exploration.bitPattern))
        hash.combine(request.seed ?? .max)
        hash.combine(request.minimumScore.map { UInt64($0) } ?? .max)
        for id in request.excludedIDs { hash.combine(id) }
        if let filter = request.filter { combine(filter, into: &hash) }
        for boost in request.boosts {
            hash.combine(UInt64(boost.factor.bitPattern))
            combine(boost.filter, into: &hash)
        }
        return hash.value
    }

    private static func combine(_ filter: FilterText, into hash: inout StableHash) {
        hash.combine(filter.expression)
        for (name, value) in filter.parameters.sorted(by: { $0.key < $1.key }) {
            hash.combine(name)
            hash.combine("\(value)")
        }
    }
}
