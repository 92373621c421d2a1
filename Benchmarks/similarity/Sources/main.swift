import Catalog
import Domain
import Foundation

// bench-similarity FILE [COPIES] [URL]: times the embedded index over the films of a TMDB file, and the search service
// at URL over the same films if one is given. COPIES multiplies the films, each copy with words of its own mixed in.
// bench-similarity FILE COPIES write FOLDER: the films and the questions as text, for who is compared.

let arguments = CommandLine.arguments.dropFirst()
guard let file = arguments.first else {
    print("usage: bench-similarity FILE [COPIES] [URL | write FOLDER]")
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

/// Processor time of this thread: other programs on the machine do not count.
func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// Median and 99th percentile in microseconds.
func report(_ name: String, _ durations: [Duration]) {
    let micros = durations.map { Double($0.components.attoseconds) / 1e12 + Double($0.components.seconds) * 1e6 }
        .sorted()
    let (median, tail) = (micros[micros.count / 2], micros[micros.count * 99 / 100])
    print(
        name, "median", String(format: "%.1f µs, p99 %.1f", median, tail), "µs,", micros.count, "queries")
}

var generator = SeededGenerator(seed: 1)
let questions: [(name: String, liked: [[String]])] = [1, 5, 10].map { count in
    ("\(count) liked:", (0..<1000).map { _ in (0..<count).map { _ in movies[generator.below(movies.count)].itemID } })
}
if arguments.count == 4, arguments.dropFirst(2).first == "write", let folder = arguments.last {
    func cell(_ text: String) -> String { String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }) }
    let rows = movies.map { [$0.itemID, cell($0.title), cell($0.overview), $0.genres.joined(separator: "|")] }
    try rows.map { $0.joined(separator: "\t") }.joined(separator: "\n")
        .write(toFile: folder + "/films.tsv", atomically: true, encoding: .utf8)
    try questions.flatMap(\.liked).map { $0.joined(separator: " ") }.joined(separator: "\n")
        .write(toFile: folder + "/questions", atomically: true, encoding: .utf8)
    exit(0)
}

let started = clock.now
let index = ContentIndex(movies)
print("build", movies.count, "films in", clock.now - started)
/// Of every film and score: two builds that print the same one gave the same lists.
var checksum = Hash()
for (name, liked) in questions {
    for item in liked.prefix(20).joined() { checksum.add(item, 0) }
    for items in liked.prefix(50) { _ = index.mostSimilar(to: items, limit: limit) }
    report(
        "embedded, " + name,
        liked.map { items in
            let asked = processorTime()
            let found = index.mostSimilar(to: items, limit: limit)
            let time = processorTime() - asked
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
