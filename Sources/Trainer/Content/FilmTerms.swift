internal import Domain
internal import Foundation

/// What of a film says something about who will like it, as names and numbers.
///
/// | names       | value                                                              |
/// |-------------|--------------------------------------------------------------------|
/// | `genre:…`   | 1 / √(genres of the film)                                          |
/// | `language:…`, `decade:…`, `director:…` | 1                                       |
/// | `keyword:…` | 1 / √(keywords of the film)                                        |
/// | `popularity:n`, `stars:n` | ½ if that step is passed, else 0, less the mean of it; see ``FilmSteps`` |
/// | `popularity:none`, `stars:none` | ½ of a film without the number                 |
/// | `word:…`    | (1 + ln count) · idf over title and synopsis, of length 1 altogether |
///
/// With the mean taken off, a number that a film lacks counts as that of a middling film, unless enough films of the training
/// lacked it to tell. Words are runs of letters, three or more, in lower case.
enum FilmTerms {
    /// Everything but numbers and words.
    static func facts(of film: Movie) -> [(name: String, value: Float)] {
        var terms: [(name: String, value: Float)] = []
        func add(_ kind: String, _ names: [String]) {
            let share = 1 / Float(max(1, names.count)).squareRoot()
            for name in Set(names).sorted() { terms.append(("\(kind):\(name.lowercased())", share)) }
        }
        add("genre", film.genres)
        add("keyword", film.keywords)
        if let language = film.language { terms.append(("language:\(language)", 1)) }
        if let year = film.year { terms.append(("decade:\(year / 10 * 10)", 1)) }
        if let director = film.director, !director.isEmpty { terms.append(("director:\(director.lowercased())", 1)) }
        return terms
    }

    /// How often each word stands in title and synopsis.
    static func words(of film: Movie) -> [String: Int] {
        var counts: [String: Int] = [:]
        let text = "\(film.title) \(film.overview)"
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            var word = ""
            func end() {
                if word.utf8.count >= 3 { counts["word:\(word)", default: 0] += 1 }
                word = ""
            }
            for scalar in text.lowercased().unicodeScalars {
                if scalar.properties.isAlphabetic { word.unicodeScalars.append(scalar) } else { end() }
            }
            end()
            return counts
        }
        // The same for letters of ASCII, which need no table to be told from others: most texts have no other.
        var word = Array("word:".utf8)
        let start = word.count
        func end() {
            if word.count >= start + 3 { counts[String(decoding: word, as: UTF8.self), default: 0] += 1 }
            word.removeSubrange(start...)
        }
        for byte in text.utf8 {
            let lower = byte | 0x20
            if (0x61...0x7A).contains(lower) { word.append(lower) } else { end() }
        }
        end()
        return counts
    }
}

/// The terms that a model knows, each with a column: those that stand in enough films to learn anything from.
public struct FilmVocabulary: Sendable {
    /// By column.
    public let names: [String]
    /// By column: ln(films / films with it) of a word; of a step, the share that passed it of the films that have the number;
    /// 1 of all else.
    let weights: [Float]
    private let columns: [String: Int32]
    /// By kind of number, the steps that have a column.
    private let steps: [FilmSteps: [(step: Int, column: Int32)]]

    /// A term of fewer films teaches nothing that would help another.
    static let fewestFilms = 5
    /// Of more terms those of the most films are kept: the equations are of this size.
    static let most = 4000

    init(names: [String], weights: [Float]) {
        self.names = names
        self.weights = weights
        columns = Dictionary(uniqueKeysWithValues: zip(names, 0..<Int32(names.count)))
        var steps: [FilmSteps: [(step: Int, column: Int32)]] = [:]
        for (column, name) in names.enumerated() {
            if let (kind, step) = FilmSteps.parsed(name) { steps[kind, default: []].append((step, Int32(column))) }
        }
        self.steps = steps
    }

    /// The terms of the given films. Words of more than a third of them are left out. O(words).
    init(of films: [Movie]) {
        var counts: [String: Int] = [:]
        var words: [String: Int] = [:]
        for film in films {
            for term in FilmTerms.facts(of: film) { counts[term.name, default: 0] += 1 }
            for name in FilmSteps.allCases.flatMap({ $0.names(of: film) }) { counts[name, default: 0] += 1 }
            for word in FilmTerms.words(of: film).keys { words[word, default: 0] += 1 }
        }
        counts.merge(words.filter { $0.value * 3 <= films.count }, uniquingKeysWith: +)
        let kept = counts.filter { $0.value >= Self.fewestFilms }
            .sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(Self.most)
        self.init(
            names: kept.map(\.key),
            weights: kept.map { name, count in
                if words[name] != nil { return Float(log(Double(films.count) / Double(count))) }
                guard let (kind, _) = FilmSteps.parsed(name), let known = counts[kind.name(0)] else { return 1 }
                return Float(count) / Float(known)
            })
    }

    /// The film's columns, rising, with their numbers; empty if none of its terms is known.
    func row(of film: Movie) -> [(column: Int32, value: Float)] {
        var row: [(column: Int32, value: Float)] = FilmTerms.facts(of: film).compactMap { term in
            columns[term.name].map { ($0, term.value) }
        }
        // By word, so that sums are the same to the last bit whatever order a dictionary has.
        let known = FilmTerms.words(of: film).compactMap { word, count in columns[word].map { (word, count, $0) } }
            .sorted { $0.0 < $1.0 }
        let words: [(column: Int32, value: Float)] = known.map { _, count, column in
            (column, (1 + logf(Float(count))) * weights[Int(column)])
        }
        let length = words.reduce(Float(0)) { $0 + $1.value * $1.value }.squareRoot()
        if length > 0 { row += words.map { ($0.column, $0.value / length) } }
        // Numbers alone do not say who would like a film.
        guard !row.isEmpty else { return [] }
        for kind in FilmSteps.allCases {
            if let last = kind.last(of: film) {
                row += (steps[kind] ?? []).map { step, column in
                    (column, FilmSteps.height * ((step <= last ? 1 : 0) - weights[Int(column)]))
                }
            } else if let column = columns[kind.nameOfNone] {
                row.append((column, FilmSteps.height))
            }
        }
        return row.sorted { $0.column < $1.column }
    }
}
