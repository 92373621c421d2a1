internal import Catalog
internal import Domain
internal import Linalg

/// Which film of the content index in this process is which item: so that a list touches no identifier.
final class ContentPlaces: Sendable {
    let index: ContentIndex
    /// By place: the film's number in the index, or -1.
    private let numbers: [Int32]
    /// By number: the film's place, or -1 for one that the catalogue has no longer.
    private let places: [Int32]

    /// O(films).
    init(_ index: ContentIndex, _ items: ItemSpace) {
        self.index = index
        var numbers = [Int32](repeating: -1, count: items.count)
        places = index.films.enumerated().map { number, id in
            guard let place = items.place(of: id) else { return -1 }
            numbers[Int(place)] = Int32(number)
            return place
        }
        self.numbers = numbers
    }

    /// The films most like the seeds, best first. Its answer is the same whenever it is asked.
    func mostSimilar(_ query: ContentQuery) -> [(place: Int32, score: Float)] {
        let found = index.mostSimilar(
            to: query.seeds.compactMap(number), excluding: query.excluded.lazy.compactMap(self.number),
            limit: query.limit, among: query.allowed.map(films))
        return found.compactMap { film in
            let place = places[Int(film.document)]
            return place < 0 ? nil : (place: place, score: film.score)
        }
    }

    private func number(_ place: Int32) -> Int32? { numbers[Int(place)] < 0 ? nil : numbers[Int(place)] }

    /// What a filter lets through, by the numbers of the index.
    private func films(_ selection: FilterSelection) -> ItemBitmap {
        selection.translated(for: self) {
            var films = ItemBitmap(itemCount: places.count)
            for (number, place) in places.enumerated() where place >= 0 && selection.contains(place) {
                films.insert(ItemIndex(number))
            }
            return films
        }
    }
}
