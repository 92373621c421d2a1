public import Catalog
public import Delimited
internal import Domain
internal import EventIngest
public import Kafka
public import Operations
public import Store

/// Films of The Movie Database on their way into a store or onto the topic of films.
public struct TMDBImport: Sendable {
    /// Where they go.
    public enum Target: Sendable {
        case store
        /// The topic, for an ingester to store.
        case topic(KafkaProperties)
    }

    /// What became of a data set.
    public struct Summary: Sendable {
        /// What was read, and the lines that are no films.
        public var contents: CatalogFile.Contents
        /// Films that the store did not have, or described otherwise.
        public var news: Int
        /// Films of the store that the links lead to; all films where there are none.
        public var found: Int
    }

    /// A file, or a folder of pages or parts.
    public var path: String
    /// MovieLens' `links.csv`: films of the store are described instead of adding some.
    public var links: String?
    /// How CSV is written.
    public var format: DelimitedFormat

    public init(path: String, links: String? = nil, format: DelimitedFormat = DelimitedFormat()) {
        self.path = path
        self.links = links
        self.format = format
    }

    /// Fetches films from the API into the folder of the configuration, for an import of that. The key is kept out of logs
    /// from here on.
    /// - Parameter onProgress: answers that are there, and how many there will be, as far as is known.
    /// - Throws: what ``TMDBCollector/run(onProgress:)`` throws.
    public static func collect(
        _ configuration: TMDBCollector.Configuration, onProgress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> TMDBCollector.Summary {
        Secrets.register(configuration.key.secret)
        return try await TMDBCollector(configuration).run(onProgress: onProgress)
    }

    /// Reads the data set, leaves out what the store has word for word, and hands the rest on. Blocks.
    /// - Parameters:
    ///   - store: may be nil for a topic; it is needed for links, and to know what is there.
    ///   - flag: stops the sending.
    /// - Throws: `IngestError.emptyImport` if links lead to no film of the store; what reading, storing and sending throw.
    public func run(into target: Target, store: EventStore?, _ flag: CancellationFlag) throws -> Summary {
        let contents = try TMDB.read(path, updatedAt: .now, format: format)
        let known = try store.flatMap { store in
            try store.exists() ? try StoredCatalogue(store: store).read()?.snapshot : nil
        }
        let (films, found) =
            try links.map { try TMDB.describe(known?.movies ?? [], links: $0, from: contents.movies) }
            ?? (contents.movies, contents.movies.count)
        if links != nil, found == 0 {
            throw IngestError.emptyImport(
                path: path,
                cause: films.isEmpty
                    ? "the store has no films for the links to describe; import movielens first"
                    : "none of the \(films.count) films of the store has a link to one of its films")
        }
        let news = films.filter { film in known?[film.itemID].map { !film.describes(the: $0) } ?? true }
        switch target {
        case .topic(let kafka): try FilmTopic.publish(news, kafka, flag)
        case .store: if let store { try ImportedFilms.append(news, knowing: known ?? .empty, in: store) }
        }
        return Summary(contents: contents, news: news.count, found: found)
    }
}
