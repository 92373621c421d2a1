internal import Catalog
internal import Domain

/// Every item that can be recommended, by a dense place: first the model's items in its own order, then those that
/// only the catalogue knows.
struct ItemSpace: Sendable {
    /// Identifiers by place.
    let ids: [String]
    /// Places `0..<modelCount` are the model's item indices.
    let modelCount: Int
    private let places: [String: Int32]
    /// The films of the catalogue, ascending by the bytes of their identifiers.
    let movies: [Movie]
    /// Of each of ``movies``, its place.
    let moviePlaces: [Int32]
    /// By place: where in ``movies``, or −1.
    private let movieOf: [Int32]

    init(model: any FactorModel, catalog: CatalogSnapshot) {
        var ids = (0..<model.itemCount).map { model.itemID(ItemIndex($0)) }
        var places = Dictionary(zip(ids, 0..<Int32(ids.count)), uniquingKeysWith: { first, _ in first })
        var movieOf = [Int32](repeating: -1, count: ids.count)
        var moviePlaces: [Int32] = []
        moviePlaces.reserveCapacity(catalog.count)
        for (number, movie) in catalog.movies.enumerated() {
            if let place = places[movie.itemID] {
                movieOf[Int(place)] = Int32(number)
                moviePlaces.append(place)
            } else {
                places[movie.itemID] = Int32(ids.count)
                moviePlaces.append(Int32(ids.count))
                ids.append(movie.itemID)
                movieOf.append(Int32(number))
            }
        }
        self.ids = ids
        self.places = places
        self.movieOf = movieOf
        self.moviePlaces = moviePlaces
        modelCount = model.itemCount
        movies = catalog.movies
    }

    var count: Int { ids.count }

    func place(of id: String) -> Int32? { places[id] }

    func movie(at place: Int32) -> Movie? {
        let number = movieOf[Int(place)]
        return number < 0 ? nil : movies[Int(number)]
    }

    /// In days since 1970; of a film that only has a year the first day of it.
    func releaseDay(of place: Int32) -> Int32? {
        guard let movie = movie(at: place) else { return nil }
        return movie.releaseDate?.days ?? movie.year.flatMap { CalendarDate(year: Int($0), month: 1, day: 1)?.days }
    }

    /// The item's index in the model, or nil if only the catalogue knows it.
    func modelIndex(_ place: Int32) -> ItemIndex? { Int(place) < modelCount ? ItemIndex(rawValue: place) : nil }
}
