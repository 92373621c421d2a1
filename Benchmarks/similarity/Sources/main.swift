import Catalog
import Domain
import Foundation

// bench-similarity FILE [COPIES] [URL]: times the embedded index over the films of a TMDB file, and the search service
// at URL over the same films if one is given. COPIES multiplies the films, each copy with words of its own mixed in.

let arguments = CommandLine.arguments.dropFirst()
guard let file = arguments.first else {
    print("usage: bench-similarity FILE [COPIES] [URL]")
    exit(64)
}
/// As many as serving asks for.
let limit = 100
let copies = arguments.dropFirst().first.flatMap { Int($0) } ?? 1
let films = try TMDB.read(file, updatedAt: Timestamp(seconds: 1)).movies
var movies: [Movie] = []
for copy in 0..<copies {
    for (number, film) in films.enumerated() {
        var movie = film
        movie.itemID = "\(copy)-\(film.itemID)"
        if copy > 0 { movie.overview += " " + films[(number * 7 + copy * 131) % films.count].overview }
        movies.append(movie)
    }
}

let clock = ContinuousClock()

/// Median and 99th percentile in microseconds.
func report(_ name: String, _ durations: [Duration]) {
    let micros = durations.map { Double($0.components.attoseconds) / 1e12 + Double($0.components.seconds) * 1e6 }
        .sorted()
    let (median, tail) = (micros[micros.count / 2], micros[micros.count * 99 / 100])
    print(name, "median", Int(median), "µs, p99", Int(tail), "µs,", micros.count, "queries")
}

let started = clock.now
let index = ContentIndex(movies)
print("build", movies.count, "films in", clock.now - started)

var generator = SeededGenerator(seed: 1)
let questions: [(name: String, liked: [[String]])] = [1, 5, 10].map { count in
    ("\(count) liked:", (0..<1000).map { _ in (0..<count).map { _ in movies[generator.below(movies.count)].itemID } })
}
/// Of every film and score: two builds that print the same one gave the same lists.
var checksum = Hash()
for (name, liked) in questions {
    for item in liked.prefix(20).joined() { checksum.add(item, 0) }
    report(
        "embedded, " + name,
        liked.map { items in
            var found: [ScoredItem] = []
            let time = clock.measure { found = index.mostSimilar(to: items, limit: limit) }
            for item in found { checksum.add(item.itemID, item.score) }
            return time
        })
}

if let url = arguments.dropFirst(2).first {
    var configuration = try ElasticsearchClient.Configuration(url: url)
    configuration.index = "bench-similarity"
    configuration.queryDeadline = .seconds(10)
    let search = ElasticsearchClient(configuration)
    try await search.createIndex()
    let indexing = clock.now
    _ = try await search.index(movies)
    try await search.refresh()
    print(try await search.serverVersion(), "indexed in", clock.now - indexing)
    for (name, liked) in questions {
        var durations: [Duration] = []
        var same = 0
        for items in liked {
            let asked = clock.now
            let theirs = try await search.similar(to: items, excluding: [], limit: limit)
            durations.append(clock.now - asked)
            if theirs.map(\.itemID) == index.mostSimilar(to: items, limit: limit).map(\.itemID) { same += 1 }
        }
        report("search service, " + name, durations)
        print("same list in", same, "of", liked.count)
    }
}
print("checksum", checksum.value)

/// FNV-1a: the same in every process, as Swift's own is not.
struct Hash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ text: String, _ score: Float) {
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        value = (value ^ UInt64(score.bitPattern)) &* 0x100_0000_01B3
    }
}
