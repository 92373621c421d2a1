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
            to: films(at: query.seeds), excluding: films(at: query.excluded),
            limit: query.limit, among: query.allowed.map(films))
        var items: [(place: Int32, score: Float)] = []
        items.reserveCapacity(found.count)
        for film in found {
            let place = places[Int(film.document)]
            if place >= 0 { items.append((place: place, score: film.score)) }
        }
        return items
    }

    /// The numbers of those that the index has.
    private func films(at places: [Int32]) -> [Int32] {
        var films: [Int32] = []
        films.reserveCapacity(places.count)
        for place in places where numbers[Int(place)] >= 0 { films.append(numbers[Int(place)]) }
        return films
    }

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
