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
        let age = Duration.microseconds(now.microseconds.subtractingReportingOverflow(cursor.madeAt.microseconds).0)
        guard age <= ListCursor.lifetime, age >= .seconds(-60) else { throw .cursorExpired }
        self.cursor = cursor
        seed = cursor.seed
    }

    /// How long the list must be to have this page in it.
    var depth: Int { (cursor?.given.count ?? 0) + request.count }

    /// Later pages know no newer events than the first.
    var until: Timestamp? { cursor?.madeAt }

    /// The cursor of the page behind `items`, or nil where lists end.
    func next(after items: [Ranked], of state: ServingState) -> String? {
        let before = cursor?.given ?? []
        guard before.count + items.count < ListCursor.maximumGiven else { return nil }
        return ListCursor(
            madeAt: cursor?.madeAt ?? .now, modelID: state.model.identity.id, fingerprint: fingerprint, seed: seed,
            given: before + items.map { state.items.texts.hash($0.place) }
        ).text
    }

    /// Of everything that decides which items are in the list and where; not of how many a page has and how they are
    /// shown.
    private static func fingerprint(_ request: ListRequest, _ identity: String) -> UInt64 {
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
