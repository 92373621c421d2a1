internal import Domain
internal import Foundation

/// What of a film says something about who will like it, as names and numbers.
///
/// | names       | value                                                              |
/// |-------------|--------------------------------------------------------------------|
/// | `genre:…`   | 1 / √(genres of the film)                                          |
/// | `language:…`, `decade:…`, `director:…` | 1                                       |
/// | `keyword:…` | 1 / √(keywords of the film)                                        |
/// | `word:…`    | (1 + ln count) · idf over title and synopsis, of length 1 altogether |
///
/// Words are runs of letters, three or more, in lower case.
enum FilmTerms {
    /// Everything but the words.
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

    /// How often each word stands in title and synopsis, by rising word.
    static func words(of film: Movie) -> [(name: String, count: Int)] {
        var counts: [String: Int] = [:]
        var word = ""
        func end() {
            if word.utf8.count >= 3 { counts["word:\(word)", default: 0] += 1 }
            word = ""
        }
        for scalar in "\(film.title) \(film.overview)".lowercased().unicodeScalars {
            if scalar.properties.isAlphabetic { word.unicodeScalars.append(scalar) } else { end() }
        }
        end()
        return counts.map { (name: $0.key, count: $0.value) }.sorted { $0.name < $1.name }
    }
}

/// The terms that a model knows, each with a column: those that stand in enough films to learn anything from.
public struct FilmVocabulary: Sendable {
    /// By column.
    public let names: [String]
    /// By column: ln(films / films with it) of a word, 1 of all else.
    let weights: [Float]
    private let columns: [String: Int32]

    /// A term of fewer films teaches nothing that would help another.
    static let fewestFilms = 5
    /// Of more terms those of the most films are kept: the equations are of this size.
    static let most = 4000

    init(names: [String], weights: [Float]) {
        self.names = names
        self.weights = weights
        columns = Dictionary(uniqueKeysWithValues: zip(names, 0..<Int32(names.count)))
    }

    /// The terms of the given films. Words of more than a third of them are left out. O(words).
    init(of films: [Movie]) {
        var counts: [String: Int] = [:]
        var words: [String: Int] = [:]
        for film in films {
            for term in FilmTerms.facts(of: film) { counts[term.name, default: 0] += 1 }
            for word in FilmTerms.words(of: film) { words[word.name, default: 0] += 1 }
        }
        counts.merge(words.filter { $0.value * 3 <= films.count }, uniquingKeysWith: +)
        let kept = counts.filter { $0.value >= Self.fewestFilms }
            .sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.prefix(Self.most)
        self.init(
            names: kept.map(\.key),
            weights: kept.map { name, count in
                words[name] == nil ? 1 : Float(log(Double(films.count) / Double(count)))
            })
    }

    /// The film's columns, rising, with their numbers; empty if none of its terms is known.
    func row(of film: Movie) -> [(column: Int32, value: Float)] {
        var row: [(column: Int32, value: Float)] = FilmTerms.facts(of: film).compactMap { term in
            columns[term.name].map { ($0, term.value) }
        }
        let words: [(column: Int32, value: Float)] = FilmTerms.words(of: film).compactMap { word in
            columns[word.name].map { ($0, (1 + logf(Float(word.count))) * weights[Int($0)]) }
        }
        let length = words.reduce(Float(0)) { $0 + $1.value * $1.value }.squareRoot()
        if length > 0 { row += words.map { ($0.column, $0.value / length) } }
        return row.sorted { $0.column < $1.column }
    }
}
