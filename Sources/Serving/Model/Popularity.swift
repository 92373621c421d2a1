internal import Domain
internal import Glibc
internal import Linalg

/// How popular each item is: what a stranger is shown, and a little of what everybody is.
struct Popularity: Sendable {
    /// By place, `0…1`: log(1 + users who liked it), scaled so that the most liked has 1. The logarithm keeps a few
    /// blockbusters from being all there is. Without any likes it is the catalogue's own popularity.
    let scores: [Float]
    /// All places that may be shown, most popular first; equally popular ones by the catalogue's popularity, then by place.
    let order: [Int32]

    /// What the order was made from beside the likes.
    private let catalogue: [Float]
    private let hidden: ItemBitmap?

    /// O(items log items); O(items) if nothing has changed since `before`.
    /// - Parameter before: of the same model and another catalogue, if there is one.
    init(model: any FactorModel, items: ItemSpace, hidden: HiddenItems, before: Popularity? = nil) {
        let likes = (0..<Int32(items.count)).map { items.modelIndex($0).map { model.popularity(of: $0) } ?? 0 }
        let catalogue = (0..<Int32(items.count)).map { items.popularityNorm(at: $0) }
        if let before, before.catalogue == catalogue, before.hidden == hidden.places {
            self = before
            return
        }
        self.catalogue = catalogue
        self.hidden = hidden.places
        let most = likes.max() ?? 0
        scores = most == 0 ? catalogue : likes.map { log1pf(Float($0)) / log1pf(Float(most)) }
        order = (0..<Int32(items.count)).filter { !hidden.contains($0) }.sorted { a, b in
            let (x, y) = (Int(a), Int(b))
            if likes[x] != likes[y] { return likes[x] > likes[y] }
            return catalogue[x] != catalogue[y] ? catalogue[x] > catalogue[y] : a < b
        }
    }

    /// Whether an item is the more popular of two, as ``order`` has them.
    func isAhead(_ a: Int32, of b: Int32) -> Bool {
        let (x, y) = (Int(a), Int(b))
        if scores[x] != scores[y] { return scores[x] > scores[y] }
        return catalogue[x] != catalogue[y] ? catalogue[x] > catalogue[y] : a < b
    }
}
