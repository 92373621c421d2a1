import Catalog
import Delimited
import Domain
import EventIngest
import Operations
import Platform
import Store

/// `marquee import tmdb`
extension ImportCommand {
    private static let links = Option<String>.text(
        "links", "FILE", "MovieLens's links.csv: describe the MovieLens films of the store instead of adding films.")

    static let tmdb: Command = Command(
        path: ["import", "tmdb"], summary: "Bring films of The Movie Database into the store.",
        details: """
            Understands CSV exports with JSON or Python lists in their cells, pages and answers of the API, and JSON
            Lines. With --links, films that 'marquee import movielens' brought get TMDB's synopsis and figures and keep
            their identifier, so that similarity has text to read. What the store has already, word for word, is not
            stored again. With --bootstrap-servers the films go to the topic 'movies' for 'marquee ingest' to store.
            """,
        arguments: [.init(name: "PATH", summary: "The file, or a folder of pages or parts.")],
        options: [
            Options.store.spec, links.spec, quote.spec, escape.spec, latin1.spec, Options.bootstrapServers.spec,
            Options.kafkaConfig.spec,
        ],
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
        var format = DelimitedFormat(
            escape: invocation.optional(escape), isLatin1Allowed: try invocation.value(latin1))
        switch invocation.optional(quote) ?? .automatic {
        case .automatic: break
        case .none: format.quote = nil
        case .character(let byte): format.quote = byte
        }
        let kafka = KafkaOptions.isNamed(invocation) ? try KafkaOptions.properties(invocation) : nil
        if let kafka { try await kafka.requireBroker() }
        // Through Kafka the store is only looked at, for the films that links describe.
        let store = kafka == nil || links != nil ? try EventStore(at: invocation.value(Options.store)) : nil
        let data = TMDBImport(path: path, links: links, format: format)
        let summary = try await BlockingWork.run("import") { flag in
            try data.run(into: kafka.map { .topic($0) } ?? .store, store: store, flag)
        }
        let verb = kafka == nil ? "stored" : "sent"
        let matched = links == nil ? "" : ", \(Figure.count(summary.found)) of them for films of the store"
        let rejected = summary.contents.rejected
        StandardOutput.write(
            prose: """
                read \(Figure.count(summary.contents.movies.count)) films\(matched), \(verb) \(Figure.count(summary.news)), \
                rejected \(Figure.count(rejected.count)) lines
                """)
        for rejected in rejected.prefix(5) {
            StandardOutput.write(prose: "rejected \(rejected.file ?? path):\(rejected.line): \(rejected.reason)")
        }
    }
}
