import Domain

/// A planted vector: ``PlantedTruth/dimensions`` components, the rest of a cache line 0.
typealias Taste = SIMD16<Float>

extension Taste {
    init(_ components: [Float]) {
        self.init(repeating: 0)
        for (place, component) in components.enumerated() { self[place] = component }
    }

    var components: [Float] { (0..<PlantedTruth.dimensions).map { self[$0] } }

    /// The inner product.
    @inline(__always)
    func affinity(to other: Taste) -> Float {
        let product = self * other
        let eight = product.lowHalf + product.highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}

/// The planted vectors: films from their genres and era, users from the few genres they favour.
struct Audience {
    private(set) var films: [Taste] = []
    private(set) var users: [Taste] = []

    /// Films have unit length, users about 1.3, so affinities are spread around 0 with the softmax' scale.
    init(catalog: [Movie], users count: Int, _ random: inout SeededGenerator) {
        let k = PlantedTruth.dimensions
        let genres = Set(catalog.flatMap(\.genres)).sorted()
        // A film without a genre belongs to one of its own.
        let names = genres.isEmpty ? ["any"] : genres
        let directions = names.map { _ in Self.unit((0..<k).map { _ in random.normal() }) }
        let places = Dictionary(uniqueKeysWithValues: zip(names, directions.indices))
        // Era is a direction of its own: new against old.
        let era = Self.unit((0..<k).map { _ in random.normal() })

        films.reserveCapacity(catalog.count)
        for movie in catalog {
            var vector = (0..<k).map { _ in 0.25 * random.normal() }
            for place in movie.genres.prefix(4).compactMap({ places[$0] }) {
                for d in 0..<k { vector[d] += directions[place][d] / Float(min(movie.genres.count, 4)) }
            }
            let age = Float((movie.year ?? 1990) - 1990) / 25
            for d in 0..<k { vector[d] += 0.35 * max(-1.5, min(1.5, age)) * era[d] }
            films.append(Taste(Self.unit(vector)))
        }
        users.reserveCapacity(count)
        for _ in 0..<count {
            var vector = (0..<k).map { _ in 0.15 * random.normal() }
            let favourites = 1 + random.below(3)
            for rank in 0..<favourites {
                let direction = random.pick(directions)
                for d in 0..<k { vector[d] += direction[d] / Float(rank + 1) }
            }
            // And one genre they avoid.
            let disliked = random.pick(directions)
            let eraTaste = 0.4 * random.normal()
            for d in 0..<k { vector[d] += eraTaste * era[d] - 0.4 * disliked[d] }
            users.append(Taste(Self.unit(vector)) * 1.3)
        }
    }

    private static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / max(length, 1e-6) }
    }
}
