import Catalog
import Delimited
import Domain
import EventIngest
import Foundation
import Operations
import Platform
import Store

/// `marquee import tmdb`
extension ImportCommand {
    private static let links = Option<String>.text(
        "links", "FILE", "MovieLens's links.csv: describe the MovieLens films of the store instead of adding films.")

    private static let api = Option<Bool>.flag("api", "Fetch films from TMDB's API first.")
    private static let apiKeyFile = Option<String>.text(
        "api-key-file", "FILE", "Has the key to the API, of v3 or v4; without it TMDB_API_KEY of the environment.")
    private static let apiLists = Option<[String]>(
        "api-lists", "A,B", default: "popular",
        "TMDB's lists to begin with: popular, top_rated, now_playing, upcoming.",
        must: "be names of lists, separated by commas"
    ) { text in
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let isName = { (name: String) in
            !name.isEmpty && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
        }
        return names.allSatisfy(isName) ? names : nil
    }
    private static let apiPages = Option<Int>.integer(
        "api-pages", in: 1...500, default: 5, "Pages of each list, of 20 films.")
    private static let apiLanguage = Option<String>(
        "api-language", "CODE", default: "en-US", "Language of titles and synopses.", must: "be a code such as en-US"
    ) { code in
        let isCode = (2...10).contains(code.utf8.count) && code.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "-") }
        return isCode ? code : nil
    }
    private static let apiRate = Option<Double>.rate(
        "api-rate", default: "20/s", "Requests a second at most.")
    private static let apiFolder = Option<String>.text(
        "api-folder", "DIR", default: "tmdb", "Where the answers go, and what is read afterwards.")
    private static let apiMaxAge = Option<Double>.seconds(
        "api-max-age", default: "1d", "Answers in the folder that are older are fetched again.")
    private static let apiURL = Option<String>.text(
        "api-url", "URL", default: "https://api.themoviedb.org/3", "Another address of the API, such as a proxy's.")

    /// What is read: the path typed, or the folder that the API's answers have filled.
    private static func path(_ invocation: Invocation) async throws -> String {
        guard try invocation.value(api) else {
            guard let path = invocation.arguments.first else {
                throw CommandLineError.missingArgument(command: invocation.command.name, argument: "PATH, or --api")
            }
            return path
        }
        if let path = invocation.arguments.first {
            throw CommandLineError.unexpectedArgument(command: invocation.command.name, argument: path)
        }
        let folder = try invocation.value(apiFolder)
        var configuration = TMDBCollector.Configuration(key: try key(invocation), folder: folder)
        let url = try invocation.value(apiURL)
        configuration.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        configuration.lists = try invocation.value(apiLists)
        configuration.pages = try invocation.value(apiPages)
        configuration.language = try invocation.value(apiLanguage)
        configuration.rate = try invocation.value(apiRate)
        configuration.maximumAge = .seconds(try invocation.value(apiMaxAge))
        let bar = ProgressBar("fetch", total: nil, unit: "answers")
        defer { bar.finish() }
        let summary = try await TMDBImport.collect(configuration) { done, all in
            bar.update(done, note: "of about \(Figure.count(all))")
        }
        bar.finish()
        StandardOutput.write(
            prose: """
                fetched \(Figure.count(summary.fetched)) answers into \(folder), kept \(Figure.count(summary.kept)), \
                sent \(Figure.count(summary.retries)) requests again
                """)
        if summary.missing > 0 {
            StandardOutput.write(prose: "\(Figure.count(summary.missing)) films have no page of their own any more")
        }
        if summary.odd > 0 {
            StandardOutput.write(prose: "\(Figure.count(summary.odd)) answers are no films:")
            for example in summary.examples { StandardOutput.write(prose: "    \(example)") }
        }
        return folder
    }

    private static func key(_ invocation: Invocation) throws -> TMDBKey {
        if let file = invocation.optional(apiKeyFile) {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw CatalogError.malformedKey(reason: "the file \(file) cannot be read")
            }
            return try TMDBKey(text)
        }
        guard let text = ProcessInfo.processInfo.environment["TMDB_API_KEY"] else {
            throw CatalogError.malformedKey(reason: "there is none")
        }
        return try TMDBKey(text)
    }

    static let tmdb: Command = Command(
        path: ["import", "tmdb"], summary: "Bring films of The Movie Database into the store.",
        details: """
            Understands CSV exports with JSON or Python lists in their cells, pages and answers of the API, and JSON
            Lines. With --api it asks TMDB itself: the pages of --api-lists and then each film on them, into
            --api-folder, which it reads afterwards. The key comes from TMDB_API_KEY or --api-key-file. Interrupted, it
            goes on where it was: what lies in the folder and is younger than --api-max-age is not fetched again.

            With --links, films that 'marquee import movielens' brought get TMDB's synopsis and figures and keep
            their identifier, so that similarity has text to read. What the store has already, word for word, is not
            stored again. With --bootstrap-servers the films go to the topic 'movies' for 'marquee ingest' to store.
            """,
        arguments: [
            .init(name: "PATH", summary: "The file, or a folder of pages or parts; not with --api.", isOptional: true)
        ],
        options: [
            Options.store.spec, api.spec, apiKeyFile.spec, apiLists.spec, apiPages.spec, apiLanguage.spec, apiRate.spec,
            apiFolder.spec, apiMaxAge.spec, apiURL.spec, links.spec, quote.spec, escape.spec, latin1.spec,
            Options.bootstrapServers.spec,
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
            .init(
                line: "import tmdb --api --api-lists popular,top_rated --api-pages 50 --store data",
                meaning: "Up to 2,000 films from TMDB, with the key in TMDB_API_KEY."),
        ]
    ) { invocation in
        let path = try await path(invocation)
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
        let store = kafka == nil || links != nil ? try invocation.store() : nil
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
