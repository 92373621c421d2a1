internal import Linalg
internal import Synchronization

/// The model's items of the filters that many requests come with, laid out by themselves.
///
/// A scan of all items for the few that a filter lets through finds mostly others; see `PackedPart`. Eight filters at most
/// have a part, each of an eighth of the items at most: together no more memory than the codes of all items. The one that got
/// its part first gives it up, and may earn it again.
final class FilterParts: Sendable {
    /// Of one selection.
    struct Standing: Sendable {
        var uses = 0
        var part: PackedPart?
    }

    private let held = Mutex<[FilterSelection]>([])
    private static let most = 8
    /// Laying out costs as much as some ten lists save.
    private static let usesBefore = 32

    /// The part of the items that a filter lets through; nil until it was asked for often enough, and where it would not pay.
    func part(of selection: FilterSelection, in packed: PackedItems) -> PackedPart? {
        let (known, isDue) = selection.standing.withLock { standing -> (PackedPart?, Bool) in
            if standing.part != nil || standing.uses >= Self.usesBefore { return (standing.part, false) }
            standing.uses += 1
            return (nil, standing.uses == Self.usesBefore)
        }
        guard isDue else { return known }
        // Where it does not pay nobody asks again.
        guard let part = packed.part(excluding: selection.excludedItems) else { return nil }
        selection.standing.withLock { $0.part = part }
        let past = held.withLock { held -> FilterSelection? in
            held.append(selection)
            return held.count > Self.most ? held.removeFirst() : nil
        }
        past?.standing.withLock { $0 = Standing() }
        return part
    }
}
