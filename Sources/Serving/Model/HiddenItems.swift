internal import Catalog
internal import Domain
internal import Linalg

/// The items that no list shows: films that were withdrawn and, if so configured, items that no film describes.
struct HiddenItems: Sendable {
    /// By place. Empty if nothing is hidden.
    private let isHidden: [Bool]
    /// The same for the model's items; nil if none of them is hidden.
    let bitmap: ItemBitmap?

    /// O(items).
    init(items: ItemSpace, catalog: CatalogSnapshot, unknown: UnknownItems) {
        let hidesUnknown = unknown == .hide && catalog.isThere
        let hidden = (0..<Int32(items.count)).map { place in
            items.movie(at: place) == nil && (hidesUnknown || catalog.withdrawn[items.ids[Int(place)]] != nil)
        }
        isHidden = hidden.contains(true) ? hidden : []
        let places = hidden.indices.prefix(items.modelCount).filter { hidden[$0] }.map { ItemIndex($0) }
        bitmap = places.isEmpty ? nil : ItemBitmap(itemCount: items.modelCount, items: places)
    }

    func contains(_ place: Int32) -> Bool { !isHidden.isEmpty && isHidden[Int(place)] }
}
