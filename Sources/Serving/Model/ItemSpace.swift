internal import Catalog
internal import Domain

/// Every item that can be recommended, by a dense place: first the model's items in its own order, then those that
/// only the catalogue knows.
struct ItemSpace: Sendable {
    /// Identifiers by place.
    let ids: [String]
    /// The same, as answers and cursors have them.
    let texts: ItemTexts
    /// Places `0..<modelCount` are the model's item indices.
    let modelCount: Int
    private let places: [ExactText: Int32]
    /// The films of the catalogue, ascending by the bytes of their identifiers.
    private(set) var movies: [Movie]
    /// Of each of ``movies``, its place.
    let moviePlaces: [Int32]
    /// By place: where in ``movies``, or −1.
    private let movieOf: [Int32]

    /// O(items); less if the films are only other than before, not others.
    /// - Parameter before: of the same model and another catalogue, if there is one.
    init(model: any FactorModel, catalog: CatalogSnapshot, before: ItemSpace? = nil) {
        if let before, before.hasFilms(of: catalog) {
            self = before
            movies = catalog.movies
            return
        }
        var ids = (0..<model.itemCount).map { model.itemID(ItemIndex($0)) }
        var places = Dictionary(
            zip(ids.lazy.map { ExactText($0) }, 0..<Int32(ids.count)), uniquingKeysWith: { first, _ in first })
        var movieOf = [Int32](repeating: -1, count: ids.count)
        var moviePlaces: [Int32] = []
        moviePlaces.reserveCapacity(catalog.count)
        for (number, movie) in catalog.movies.enumerated() {
            if let place = places[ExactText(movie.itemID)] {
                movieOf[Int(place)] = Int32(number)
                moviePlaces.append(place)
            } else {
                places[ExactText(movie.itemID)] = Int32(ids.count)
                moviePlaces.append(Int32(ids.count))
                ids.append(movie.itemID)
                movieOf.append(Int32(number))
            }
        }
        self.ids = ids
        texts = ItemTexts(ids)
        self.places = places
        self.movieOf = movieOf
        self.moviePlaces = moviePlaces
        modelCount = model.itemCount
        movies = catalog.movies
    }

    private func hasFilms(of catalog: CatalogSnapshot) -> Bool {
        movies.count == catalog.count
            && movies.indices.allSatisfy { movies[$0].itemID.isExactly(catalog.movies[$0].itemID) }
    }

    var count: Int { ids.count }

    func place(of id: String) -> Int32? { places[ExactText(id)] }

    func movie(at place: Int32) -> Movie? {
        let number = movieOf[Int(place)]
        return number < 0 ? nil : movies[Int(number)]
    }

    /// Whether a film describes the item.
    func hasMovie(at place: Int32) -> Bool { movieOf[Int(place)] >= 0 }

    /// `0…1`; 0 where no film says.
    func popularityNorm(at place: Int32) -> Float {
        let number = movieOf[Int(place)]
        return number < 0 ? 0 : movies[Int(number)].popularityNorm ?? 0
    }

    /// In days since 1970; of a film that only has a year the first day of it.
    func releaseDay(of place: Int32) -> Int32? {
        guard let movie = movie(at: place) else { return nil }
        return movie.releaseDate?.days ?? movie.year.flatMap { CalendarDate(year: Int($0), month: 1, day: 1)?.days }
    }

    /// The item's index in the model, or nil if only the catalogue knows it.
    func modelIndex(_ place: Int32) -> ItemIndex? { Int(place) < modelCount ? ItemIndex(rawValue: place) : nil }
}
