internal import Domain
internal import Linalg

/// Collects one field's terms of a share of the films, film by film.
struct FieldIndexBuilder {
    private var terms = TermTable()
    /// By film, and the end.
    private var starts: [Int32] = [0]
    /// The terms as they come.
    private var occurrences: [Int32] = []

    /// Fewer films than this are not worth a thread.
    private static let leastShare = 1000

    /// One field of all films: each worker reads a share of them, and their terms are put into one table.
    ///
    /// The same for any number of workers: terms are numbered by the order of their bytes.
    static func vectors(of field: ContentField, in movies: [Movie], _ workers: Workers) -> FilmWords.Vectors {
        let shareCount = max(1, min(workers.count, movies.count / leastShare))
        let shares = workers.map(shareCount) { number in
            var builder = FieldIndexBuilder()
            let share = movies.count * number / shareCount..<movies.count * (number + 1) / shareCount
            builder.add(field, of: movies[share])
            return builder
        }
        var met = TermTable()
        let numbers = shares.map { met.insert(allOf: $0.terms) }
        let (terms, sorted) = met.sorted()
        let parts = workers.map(shareCount) { share in
            shares[share].vectors(numbers[share].map { sorted[Int($0)] })
        }
        var all = FilmWords.Vectors(terms: terms, starts: [0], numbers: [], frequencies: [])
        all.starts.reserveCapacity(movies.count + 1)
        all.numbers.reserveCapacity(parts.reduce(0) { $0 + $1.numbers.count })
        all.frequencies.reserveCapacity(all.numbers.capacity)
        for part in parts {
            let before = Int32(all.numbers.count)
            all.starts.append(contentsOf: part.starts.dropFirst().lazy.map { before + $0 })
            all.numbers.append(contentsOf: part.numbers)
            all.frequencies.append(contentsOf: part.frequencies)
        }
        return all
    }

    private mutating func add(_ field: ContentField, of movies: ArraySlice<Movie>) {
        WordBreakers.shared.borrow { breaker in
            for movie in movies {
                switch field {
                case .title: breaker.forEachWord(of: movie.title) { add($0) }
                case .overview: breaker.forEachWord(of: movie.overview) { add($0) }
                case .genres:
                    for var genre in movie.genres { genre.withUTF8 { add($0) } }
                }
                starts.append(Int32(occurrences.count))
            }
        }
    }

    private mutating func add(_ term: UnsafeBufferPointer<UInt8>) { occurrences.append(terms.insert(term)) }

    /// Each film's terms, ascending and once.
    /// - Parameter newNumbers: by term, the number that it is to have.
    private func vectors(
        _ newNumbers: [Int32]
    ) -> (starts: [Int32], numbers: [Int32], frequencies: [Int32]) {
        var (starts, numbers, frequencies) = ([0] as [Int32], [] as [Int32], [] as [Int32])
        starts.reserveCapacity(self.starts.count)
        numbers.reserveCapacity(occurrences.count)
        frequencies.reserveCapacity(occurrences.count)
        var current: [Int32] = []
        for film in 0..<self.starts.count - 1 {
            current.removeAll(keepingCapacity: true)
            for place in Int(self.starts[film])..<Int(self.starts[film + 1]) {
                current.append(newNumbers[Int(occurrences[place])])
            }
            current.sort()
            var position = 0
            while position < current.count {
                var end = position + 1
                while end < current.count, current[end] == current[position] { end += 1 }
                numbers.append(current[position])
                frequencies.append(Int32(end - position))
                position = end
            }
            starts.append(Int32(numbers.count))
        }
        return (starts, numbers, frequencies)
    }
}
