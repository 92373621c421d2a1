internal import Catalog
internal import Domain
internal import Linalg

/// The items that no list shows: films that were withdrawn and, if so configured, items that no film describes.
struct HiddenItems: Sendable {
    /// By place; nil if nothing is hidden.
    let places: ItemBitmap?
    /// The same for the model's items; nil if none of them is hidden.
    let bitmap: ItemBitmap?

    /// O(items).
    init(items: ItemSpace, catalog: CatalogSnapshot, unknown: UnknownItems) {
        let hidesUnknown = unknown == .hide && catalog.isThere
        let hidden = (0..<Int32(items.count)).filter { place in
            !items.hasMovie(at: place) && (hidesUnknown || catalog.withdrawn[ExactText(items.ids[Int(place)])] != nil)
        }
        guard !hidden.isEmpty else {
            (places, bitmap) = (nil, nil)
            return
        }
        let places = ItemBitmap(itemCount: items.count, items: hidden.map { ItemIndex(rawValue: $0) })
        let ofModel = places.prefix(items.modelCount)
        self.places = places
        bitmap = ofModel.count == 0 ? nil : ofModel
    }

    func contains(_ place: Int32) -> Bool { places?.contains(ItemIndex(rawValue: place)) ?? false }
}
