import Catalog
import Columnar
import Domain
import EventIngest
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
            that similarity has text to read. What the store has already, word for word, is not stored again. With
            --bootstrap-servers the films go to the topic 'movies' for 'marquee ingest' to store.
            """,
        arguments: [.init(name: "PATH", summary: "The file, or a folder of pages (*.json).")],
        options: [Options.store.spec, links.spec, Options.bootstrapServers.spec, Options.kafkaConfig.spec],
        takesKafkaProperties: true,
        examples: [
            .init(line: "import tmdb tmdb_5000_movies.csv --store data", meaning: "4,803 films into data/movies."),
            .init(
                line: "import tmdb tmdb_5000_movies.csv --store data --links ml-latest-small/links.csv",
                meaning: "Text for the MovieLens films that are there."),
            .init(
                line: "import tmdb pages --bootstrap-servers localhost:9092",
                meaning: "The films of all pages of the API in a folder, through Kafka."),
        ]
    ) { invocation in
        let path = invocation.arguments[0]
        let links = invocation.optional(links)
        let kafka = Kafka.isNamed(invocation) ? try Kafka.properties(invocation) : nil
        if let kafka { try await Kafka.requireBroker(kafka) }
        // Through Kafka the store is only looked at, for the films that links describe.
        let store = kafka == nil || links != nil ? try invocation.value(Options.store) : nil
        let (stored, contents, found) = try await BlockingWork.run("import") { flag in
            let contents = try read(path)
            let known = try store.flatMap { store in
                FileManager.default.fileExists(atPath: store) ? try StoredCatalogue(store: store).read()?.snapshot : nil
            }
            let (films, found) =
                try links.map { try TMDB.describe(known?.movies ?? [], links: $0, from: contents.movies) }
                ?? (contents.movies, contents.movies.count)
            let news = films.filter { film in known?[film.itemID].map { !film.describes(the: $0) } ?? true }
            if let kafka {
                try Kafka.publish(news, kafka, flag)
            } else if let store, !news.isEmpty {
                let table = try DeltaTable.openOrCreate(at: "\(store)/\(Tables.movies)", schema: MovieTable.schema)
                let normalizer = CatalogNormalizer(knowing: known ?? .empty)
                _ = try table.append([MovieTable.batch(normalizer.normalised(news))], operation: "IMPORT")
            }
            return (news.count, contents, found)
        }
        let verb = kafka == nil ? "stored" : "sent"
        let matched = links == nil ? "" : ", \(Figure.count(found)) of them for films of the store"
        StandardOutput.write(
            line: """
                read \(Figure.count(contents.movies.count)) films\(matched), \(verb) \(Figure.count(stored)), \
                rejected \(Figure.count(contents.rejected.count)) lines
                """)
        for rejected in contents.rejected.prefix(5) {
            StandardOutput.write(line: "rejected \(path):\(rejected.line): \(rejected.reason)")
        }
    }
}

extension ImportCommand {
    /// One file, or all pages in a folder in the order of their names; a later page wins.
    private static func read(_ path: String) throws -> CatalogFile.Contents {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return try TMDB.read(path, updatedAt: .now)
        }
        let pages = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".json") }.sorted()
        guard !pages.isEmpty else {
            throw IngestError.unreadableImport(path: path, reason: "it has no page (*.json)")
        }
        var films: [String: Movie] = [:]
        var order: [String] = []
        var contents = try TMDB.read("\(path)/\(pages[0])", updatedAt: .now)
        for (number, page) in pages.enumerated() {
            if number > 0 {
                let next = try TMDB.read("\(path)/\(page)", updatedAt: .now)
                contents.movies = next.movies
                contents.rejected += next.rejected
            }
            for film in contents.movies {
                if films.updateValue(film, forKey: film.itemID) == nil { order.append(film.itemID) }
            }
        }
        contents.movies = order.compactMap { films[$0] }
        return contents
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
