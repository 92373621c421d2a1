internal import Domain

/// What the films of a training set are, for ``ListMetric``.
struct ItemContent: Sendable {
    /// By item, its facts as (number, value) of length 1; empty for a film that the catalogue does not describe.
    private let facts: [[(column: Int, value: Double)]]
    /// By item, the numbers of its genres.
    private let genres: [[Int]]

    /// O(films).
    init(_ films: [Movie], for items: IdentifierPool) {
        var facts = [[(column: Int, value: Double)]](repeating: [], count: items.count)
        var genres = [[Int]](repeating: [], count: items.count)
        var columns: [String: Int] = [:]
        func number(_ name: String) -> Int {
            if let known = columns[name] { return known }
            columns[name] = columns.count
            return columns.count - 1
        }
        for film in films.sorted(by: { $0.itemID < $1.itemID }) {
            guard let item = items.index(of: film.itemID) else { continue }
            let row = FilmTerms.facts(of: film).map { (column: number($0.name), value: Double($0.value)) }
            let length = row.reduce(0.0) { $0 + $1.value * $1.value }.squareRoot()
            guard length > 0 else { continue }
            facts[Int(item)] = row.map { ($0.column, $0.value / length) }
            genres[Int(item)] = Set(film.genres).sorted().map { number("genre:\($0.lowercased())") }
        }
        (self.facts, self.genres) = (facts, genres)
    }

    /// The mean over the described films of 1 / genres for each genre of the film; nil if none has any.
    func genres(of items: ArraySlice<Int32>) -> [Int: Double]? {
        var (sums, count) = ([Int: Double](), 0)
        for item in items where !genres[Int(item)].isEmpty {
            let own = genres[Int(item)]
            for genre in own { sums[genre, default: 0] += 1 / Double(own.count) }
            count += 1
        }
        return count > 0 ? sums.mapValues { $0 / Double(count) } : nil
    }

    /// By cut-off the mean of 1 − cosine over the pairs of described films; nan of fewer than two. O(items × facts): the
    /// cosines of all pairs add up to (|Σ v|² − n) / 2.
    func diversity(of list: [Int32], _ cutoffs: [Int]) -> [Double] {
        var (sum, square, count) = ([Int: Double](), 0.0, 0)
        var values: [Double] = []
        var place = 0
        for k in cutoffs {
            while place < min(k, list.count) {
                let row = facts[Int(list[place])]
                place += 1
                guard !row.isEmpty else { continue }
                count += 1
                for (column, value) in row {
                    let before = sum[column, default: 0]
                    square += (2 * before + value) * value
                    sum[column] = before + value
                }
            }
            let n = Double(count)
            values.append(count < 2 ? .nan : 1 - (square - n) / (n * (n - 1)))
        }
        return values
    }
}
