import Catalog
import Columnar
import Domain
import Foundation
import Operations

/// `marquee import tmdb`
extension ImportCommand {
    private static let links = Option<String>.text(
        "links", "FILE", "MovieLens's links.csv: describe the MovieLens films of the store instead of adding films.")

    static let tmdb: Command = Command(
        path: ["import", "tmdb"], summary: "Bring films of The Movie Database into the store.",
        details: """
            Understands CSV exports with JSON in their cells, pages and answers of the API, and JSON Lines. With --links,
            films that 'marquee import movielens' brought get TMDB's synopsis and figures and keep their identifier, so
            that similarity has text to read. What the store has already, word for word, is not stored again.
            """,
        arguments: [.init(name: "PATH", summary: "The file.")],
        options: [Options.store.spec, links.spec],
        examples: [
            .init(line: "import tmdb tmdb_5000_movies.csv --store data", meaning: "4,803 films into data/movies."),
            .init(
                line: "import tmdb tmdb_5000_movies.csv --store data --links ml-latest-small/links.csv",
                meaning: "Text for the MovieLens films that are there."),
        ]
    ) { invocation in
        let path = invocation.arguments[0]
        let store = try invocation.value(Options.store)
        let links = invocation.optional(links)
        let (stored, contents, found) = try await BlockingWork.run("import") { _ in
            let contents = try TMDB.read(path, updatedAt: .now)
            let known =
                FileManager.default.fileExists(atPath: store)
                ? try StoredCatalogue(store: store).read()?.snapshot ?? .empty : .empty
            let (films, found) =
                try links.map { try TMDB.describe(known.movies, links: $0, from: contents.movies) }
                ?? (contents.movies, contents.movies.count)
            let news = films.filter { film in known[film.itemID].map { !film.describes(the: $0) } ?? true }
            if !news.isEmpty {
                let table = try DeltaTable.openOrCreate(at: "\(store)/\(Tables.movies)", schema: MovieTable.schema)
                let normalizer = CatalogNormalizer(knowing: known)
                _ = try table.append([MovieTable.batch(normalizer.normalised(news))], operation: "IMPORT")
            }
            return (news.count, contents, found)
        }
        let matched = links == nil ? "" : ", \(Figure.count(found)) of them for films of the store"
        StandardOutput.write(
            line: """
                read \(Figure.count(contents.movies.count)) films\(matched), stored \(Figure.count(stored)), \
                rejected \(Figure.count(contents.rejected.count)) lines
                """)
        for rejected in contents.rejected.prefix(5) {
            StandardOutput.write(line: "rejected \(path):\(rejected.line): \(rejected.reason)")
        }
    }
}

extension Movie {
    /// Whether two descriptions say the same, whenever they were given and whatever they were measured against.
    fileprivate func describes(the other: Movie) -> Bool {
        var (a, b) = (self, other)
        a.updatedAt = b.updatedAt
        (a.popularityNorm, a.voteNorm, b.popularityNorm, b.voteNorm) = (nil, nil, nil, nil)
        return a == b
    }
}
