import Domain
import Foundation
import Linalg
import TestSupport
import Testing

@testable import Trainer

@Suite struct ContentRidgeTests {
    /// Films of four genres; what they are decides who likes them.
    private func films(_ count: Int = 120) -> [Movie] {
        let words = ["storm", "love", "murder", "planet"]
        return (0..<count).map { number in
            Movie(
                itemID: "film \(number)", title: "Film \(number)",
                overview: "A tale of \(words[number % 4]) and of \(words[(number + number / 4) % 4]) again",
                year: Int32(1980 + number % 30), genres: ["Genre \(number % 4)"],
                language: number % 7 == 0 ? "fr" : "en")
        }
    }

    private func factors(_ count: Int = 120, rank: Int = 6, seed: UInt64 = 1) throws -> Matrix {
        var random = SeededGenerator(seed: seed)
        var matrix = try Matrix(rows: count, columns: rank)
        for row in 0..<count {
            for t in 0..<rank {
                matrix[row, t] = Float((t == row % 4 ? 1 : 0) + 0.2 * (random.uniform() - 0.5))
            }
        }
        return matrix
    }

    private func described(_ films: [Movie]) -> [(film: Movie, item: Int32)] {
        films.enumerated().map { ($1, Int32($0)) }
    }

    private func content(_ films: [Movie]) -> FilmContent {
        FilmContent(films: films) { liked, excluded, count in
            let genres = Set(liked.flatMap { films[Int($0)].genres })
            return (0..<Int32(films.count)).filter { !liked.contains($0) && !excluded.contains($0) }
                .map { (film: $0, score: Float(genres.intersection(films[Int($0)].genres).count)) }
                .filter { $0.score > 0 }.prefix(count).map { $0 }
        }
    }

    /// numpy solves the same equations in double precision.
    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func theWeightsAreThoseOfNumpy() throws {
        let (films, factors) = (films(), try factors())
        let users = (0..<Int32(films.count)).map { $0 % 37 }
        let ridge = try #require(try ContentRidge(films: described(films), factors: factors, users: users))
        let columns = ridge.vocabulary.names.count + 1
        struct Given: Encodable {
            var x: [[Double]]
            var q: [[Double]]
            var trust: [Double]
            var ridge: Double
        }
        let x = films.map { film in
            var row = [Double](repeating: 0, count: columns)
            for (column, value) in ridge.vocabulary.row(of: film) { row[Int(column)] = Double(value) }
            row[columns - 1] = 1
            return row
        }
        let given = Given(
            x: x, q: (0..<films.count).map { factors.row($0).map(Double.init) },
            trust: users.map { Double($0) / (Double($0) + 20) }, ridge: Double(ridge.ridge))
        let theirs = try JSONDecoder().decode(
            [[Double]].self, from: python("ridge.py", input: JSONEncoder().encode(given)))
        #expect(theirs.count == columns)
        for i in 0..<columns {
            for t in 0..<factors.columns { #expect(abs(Double(ridge.weights[i, t]) - theirs[i][t]) < 2e-4) }
        }
    }

    @Test func aFilmIsPredictedToBeLikeThoseOfItsKind() throws {
        let (all, factors) = (films(), try factors())
        let known = described(all).filter { $0.item % 10 != 0 }
        let ridge = try #require(
            try ContentRidge(films: known, factors: factors, users: [Int32](repeating: 50, count: all.count)))
        for film in stride(from: 0, to: all.count, by: 10) {
            let predicted = try #require(ridge.factors(of: all[film]))
            let largest = predicted.indices.max { predicted[$0] < predicted[$1] }
            #expect(largest == film % 4)
        }
        #expect(ridge.factors(of: Movie(itemID: "x", title: "Zzz")) == nil)
    }

    /// How popular a film is, and how well it is rated, are terms too: step by step; what is no number is not known.
    @Test func popularityAndStarsAreSteps() {
        func last(_ kind: FilmSteps, _ value: Float?) -> Int? {
            var film = Movie(itemID: "1", title: "One")
            (film.popularity, film.voteAverage) = (value, value)
            return kind.last(of: film)
        }
        #expect(last(.popularity, 0) == 0 && last(.popularity, 7) == 6)
        #expect(last(.stars, 5.6) == 11 && last(.stars, 10) == 16)
        #expect(last(.popularity, .greatestFiniteMagnitude) == 255)
        for kind in FilmSteps.allCases {
            for value in [nil, Float.nan, .infinity] { #expect(last(kind, value) == nil) }
            #expect(kind.names(of: Movie(itemID: "1", title: "One")) == [kind.nameOfNone])
        }
        #expect(last(.popularity, -1) == nil && FilmSteps.parsed("word:stars") == nil)
        #expect(FilmSteps.parsed("stars:12").map { $0 == .stars && $1 == 12 } == true)
    }

    /// Of films of one kind the popular ones get factors that are as much longer as those of known popular films are.
    @Test func whatIsPopularIsPredictedToBeLikedMore() throws {
        var (all, factors) = (films(200), try factors(200))
        for film in all.indices {
            let isPopular = film % 5 < 2
            all[film].popularity = isPopular ? 80 : 2
            for t in 0..<factors.columns { factors[film, t] *= isPopular ? 1.5 : 0.5 }
        }
        let known = described(all).filter { $0.item % 10 > 3 || $0.item < 40 }
        let ridge = try #require(
            try ContentRidge(films: known, factors: factors, users: [Int32](repeating: 50, count: all.count)))
        var film = all[100]
        film.popularity = 80
        let popular = try #require(ridge.factors(of: film))
        film.popularity = 2
        let other = try #require(ridge.factors(of: film))
        #expect(popular.reduce(0, +) > 1.3 * other.reduce(0, +))
        // Of a film of which that is not known the prediction is in the middle.
        film.popularity = nil
        let unknown = try #require(ridge.factors(of: film)).reduce(0, +)
        #expect(unknown > other.reduce(0, +) && unknown < popular.reduce(0, +))
    }

    @Test func tooFewFilmsTeachNothing() throws {
        let few = Array(films().prefix(ContentRidge.fewestFilms - 1))
        #expect(
            try ContentRidge(films: described(few), factors: factors(), users: [Int32](repeating: 9, count: 120)) == nil
        )
    }

    /// Written with the model, read back, the same for any number of threads; a model without one opens.
    @Test func modelsKeepWhatTheyHaveLearnedOfContent() async throws {
        try await withTemporaryFolder { folder in
            let films = films(80)
            var files: [Data] = []
            for threads in [1, 3] {
                let registry = ModelRegistry(folder: folder.appending(path: "\(threads)").path)
                var configuration = smallConfiguration()
                configuration.parameters.threads = threads
                configuration.policy = .always
                configuration.content = content(films)
                let manifest = try TrainingRun(configuration: configuration, registry: registry)
                    .run(plantedLog(users: 60, items: 80, perUser: 30))
                let model = try registry.open(manifest.id, verifying: true)
                let content = try #require(model.content)
                #expect(content.factors(of: films[3])?.count == model.rank)
                files.append(
                    try Data(contentsOf: URL(filePath: "\(registry.path(of: manifest.id))/\(ModelContent.file)")))
            }
            #expect(files[0] == files[1])
            let registry = ModelRegistry(folder: folder.appending(path: "without").path)
            try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
            #expect(try registry.openCurrent().content == nil)
        }
    }

    /// On planted tastes: whole films held out are found better by predicted factors than by chance, with an interval.
    @Test func filmsHeldOutWholeAreFoundByTheirContent() throws {
        var configuration = smallConfiguration()
        configuration.content = content(films(80))
        configuration.bootstrapResamples = 200
        let section = try ColdStartTrial(configuration, share: 0.2, seeds: 3)
            .run(plantedLog(users: 80, items: 80, perUser: 40))
        let rows = section.tables[0].rows
        #expect(rows.count == 4)
        for row in rows.dropFirst() where row[0] == .text("random") || row[0] == .text("popularity") {
            guard case .percent(let difference) = row[2] else {
                Issue.record("no difference")
                continue
            }
            #expect((difference.low ?? -1) > 0)
            #expect(row[3] == .text("better"))
        }
        #expect(throws: TrainerError.self) { try ColdStartTrial(smallConfiguration()).run(plantedLog()) }
    }

    // MARK: Drift

    /// (α0 G + λ I + Σ c p pᵀ) q − Σ c p − κ/(κ + n) (α0 G + λ I) q̂ is zero, in double precision.
    @Test func theRowOfANewFilmSolvesItsEquation() throws {
        let users = try factors(200, rank: 6, seed: 3)
        let parameters = ALSParameters(rank: 6, alpha0: 0.1, lambda: 0.01)
        let solver = try NewItemSolver(userFactors: users, parameters: parameters)
        let prior: [Float] = [0.3, -0.1, 0.2, 0.4, 0, 0.1]
        let vectors = (0..<7).map { users.row($0 * 3) }
        let confidences: [Float] = [1, 2, 1.5, -1, 1, 0.5, 1]
        let q = try solver.row(prior: prior, users: vectors, confidences: confidences)
        let gramian = try Gramian(of: users).matrix
        let ridge = Double(parameters.ridge(count: 7, others: 200))
        for i in 0..<6 {
            var residual = 0.0
            for j in 0..<6 {
                let a = Double(parameters.alpha0) * Double(gramian[i, j]) + (i == j ? ridge : 0)
                residual += a * (Double(q[j]) - 5.0 / 12 * Double(prior[j]))
            }
            for (p, c) in zip(vectors, confidences) {
                let product = zip(p, q).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                let weight = Double(abs(c)) - Double(parameters.base)
                residual += weight * product * Double(p[i]) - (c > 0 ? Double(c) * Double(p[i]) : 0)
            }
            #expect(abs(residual) < 1e-3)
        }
    }

    @Test func aNewFilmDriftsFromItsPredictionToItsOwnFactors() throws {
        let users = try factors(2000, rank: 6, seed: 3)
        let parameters = ALSParameters(rank: 6, alpha0: 0.01, lambda: 0.01)
        let solver = try NewItemSolver(userFactors: users, parameters: parameters)
        // Content says the first kind, those who like it are of the third.
        let prior: [Float] = [1, 0, 0, 0, 0, 0]
        #expect(try solver.row(prior: prior, users: [], confidences: []) == prior)
        let fans = (0..<2000).filter { $0 % 4 == 2 }.map { users.row($0) }
        var distances: [Float] = []
        for count in [1, 5, 25, 400] {
            let list = Array(fans.prefix(count))
            let confidences = [Float](repeating: 1, count: count)
            let row = try solver.row(prior: prior, users: list, confidences: confidences)
            let own = try FoldIn(
                itemFactors: Matrix(rows: count, columns: 6, elements: list.flatMap { $0 }),
                gramian: Gramian(of: users), parameters: parameters, others: 2000
            ).vector(items: Array(0..<Int32(count)), confidences: confidences)
            distances.append(zip(row, own).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot())
        }
        #expect(distances == distances.sorted(by: >))
        #expect(distances[3] < 0.05)
    }
}
