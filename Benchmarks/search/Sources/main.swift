import Catalog
import Domain
import Foundation

// bench-search films FILE COPIES OUT      the films as JSON Lines, and the questions in OUT.questions, for the peers
// bench-search embedded FILE COPIES       loads the index in this process and asks it
// bench-search service FILE COPIES URL    fills an index of a search service and asks it

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3, let copies = Int(arguments[2]) else {
    print("usage: bench-search films|embedded|service FILE COPIES [OUT|URL]")
    exit(64)
}
let clock = ContinuousClock()
let movies = try films(arguments[1], copies: copies)
let asked = questions(of: movies)

switch arguments[0] {
case "films": try write(movies, asked, to: arguments[3])
case "embedded": embedded(movies, asked)
case "service": try await service(movies, asked, arguments[3])
default: exit(64)
}

/// TMDB's films; each copy has words of another film mixed in.
func films(_ file: String, copies: Int) throws -> [Movie] {
    let films = try TMDB.read(file, updatedAt: Timestamp(seconds: 1)).movies
    return CatalogSnapshot(
        (0..<copies).flatMap { copy in
            films.enumerated().map { number, film in
                var film = film
                film.itemID = "\(copy)-\(film.itemID)"
                if copy > 0 { film.overview += " " + films[(number * 7 + copy * 131) % films.count].overview }
                return film
            }
        }
    ).movies
}

/// One word of a title, two, and three.
func questions(of movies: [Movie]) -> [String] {
    var generator = SeededGenerator(seed: 5)
    return (0..<600).map { number in
        let words = movies[generator.below(movies.count)].title.lowercased()
            .split { !$0.isLetter || !$0.isASCII }.map(String.init)
        return words.isEmpty ? "the" : words.prefix(1 + number % 3).joined(separator: " ")
    }
}

func write(_ movies: [Movie], _ questions: [String], to path: String) throws {
    var lines: [UInt8] = []
    for movie in movies { lines += MovieJSON.encode(movie) + [10] }
    try Data(lines).write(to: URL(filePath: path))
    try Data(questions.joined(separator: "\n").utf8).write(to: URL(filePath: path + ".questions"))
}

func embedded(_ movies: [Movie], _ questions: [String]) {
    let before = residentBytes()
    let start = clock.now
    let index = ContentIndex(movies)
    let seconds = (clock.now - start) / .seconds(1)
    let bytes = (residentBytes() - before) / movies.count
    print("embedded: \(movies.count) films loaded in \(seconds) s, \(bytes) bytes a film")
    for form in FilmQuery.Words.allCases {
        var total = 0
        let times = (0..<2).flatMap { round in
            questions.compactMap { text -> Duration? in
                let time = clock.measure { total += index.films(FilmQuery(text, words: form, limit: 20)).total }
                return round == 0 ? nil : time
            }
        }
        report("embedded, \(form.rawValue)", times, total / 2)
    }
}

func service(_ movies: [Movie], _ questions: [String], _ url: String) async throws {
    var configuration = try ElasticsearchClient.Configuration(url: url)
    configuration.index = "bench-ours"
    configuration.queryDeadline = .seconds(30)
    let client = ElasticsearchClient(configuration)
    let (start, processor) = (clock.now, processorSeconds())
    var generation = try await client.beginFilms()
    try await generation.add(movies)
    let (seconds, spent) = ((clock.now - start) / .seconds(1), processorSeconds() - processor)
    print(
        "ours, bulk: \(Int(Double(movies.count) / seconds)) documents/s,",
        "\(Int(Double(movies.count) / spent)) documents for each second of the client's processor")
    try await client.putInService(generation, keeping: 0)
    var times: [Duration] = []
    var total = 0
    for round in 0..<2 {
        let processor = processorSeconds()
        for text in questions {
            let start = clock.now
            total += try await client.search(FilmQuery(text, limit: 20)).total
            if round == 1 { times.append(clock.now - start) }
        }
        if round == 1 {
            print("ours, query: \(Int((processorSeconds() - processor) * 1e6) / questions.count) µs of processor")
        }
    }
    report("ours, whole", times, total / 2)
}

func report(_ name: String, _ times: [Duration], _ total: Int) {
    let micros = times.map { $0 / .microseconds(1) }.sorted()
    print(
        "\(name): median \(Int(micros[micros.count / 2])) µs, p99 \(Int(micros[micros.count * 99 / 100])) µs,",
        "\(micros.count) queries, \(total) films found")
}

func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func residentBytes() -> Int {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return (pages.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
}
