import Catalog
import Delimited
import Domain
import EventIngest
import Kafka
import Operations
import Platform
import Store

/// `marquee import movielens`, `netflix` and `csv`: data sets of events.
enum ImportCommand {
    private static let targets = """
        With --bootstrap-servers they go through Kafka for 'marquee ingest' to store; without, into
        the store directly, which gets the events whose event_id it does not have: importing again, or a
        longer export, adds what is missing. With --format avro what goes through Kafka is Avro, and the
        event's schema is registered. Without --keep-text the words of reviews are not stored, only their
        language and length; what goes through Kafka has them, and the identifiers of users as they are: 'ingest' decides.
        """

    static let movielens: Command = Command(
        path: ["import", "movielens"], summary: "Bring the ratings and films of a MovieLens data set into the store.",
        details: """
            Understands the zip files of GroupLens and the folders in them: latest, 20M, 25M and 32M (CSV), 10M and 1M
            (::), 100K (tabs). Ratings become reviews.
            \(targets)
            """,
        arguments: [.init(name: "PATH", summary: "The zip, or the unpacked folder.")],
        options: options + [scale.spec, latin1.spec], takesKafkaProperties: true,
        examples: [
            .init(line: "import movielens ml-32m.zip --store data", meaning: "Into data/events and data/movies."),
            .init(
                line: "import movielens ml-latest-small --bootstrap-servers localhost:9092",
                meaning: "Through Kafka, as if the ratings were happening now."),
        ]
    ) { invocation in
        var options = ImportOptions()
        options.scale = invocation.optional(scale)
        options.isLatin1 = try invocation.value(latin1)
        try await run(invocation) { [options] in try MovieLens(path: invocation.arguments[0], options: options) }
    }

    static let netflix: Command = Command(
        path: ["import", "netflix"], summary: "Bring the ratings and films of the Netflix Prize into the store.",
        details: """
            Understands the folder, or an archive, with combined_data_1.txt to 4 and movie_titles.txt or .csv. Ratings
            become reviews at midnight of their day.
            \(targets)
            """,
        arguments: [.init(name: "PATH", summary: "The folder, or a zip or tar of it.")],
        options: options + [scale.spec], takesKafkaProperties: true,
        examples: [.init(line: "import netflix nf_prize --store data", meaning: "Into data/events and data/movies.")]
    ) { invocation in
        var options = ImportOptions()
        options.scale = invocation.optional(scale)
        try await run(invocation) { [options] in try Netflix(path: invocation.arguments[0], options: options) }
    }

    private static let map = Option<ColumnMap>(
        "map", "FIELD=COLUMN,…", "Which column is user, item and at, and perhaps value, kind, event and text.",
        must: "be FIELD=COLUMN,… with user, item and at, and each field once"
    ) { ColumnMap($0) }
    private static let kind = Option<EventKind>(
        "kind", "view|like|review", default: "review", choices: EventKind.allCases.map(\.name),
        "What the events are, where no column says so.", must: "be view, like or review"
    ) { EventKind(name: $0) }
    private static let separator = Option<String>(
        "separator", "TEXT", "What stands between two columns; \\t is a tab. By default a comma, and a tab in .tsv.",
        must: "not be empty"
    ) { $0.isEmpty ? nil : $0.replacing("\\t", with: "\t") }
    private static let noHeader = Option<Bool>.flag(
        "no-header", "The first line is data; columns are numbers from 1.")
    static let latin1 = Option<Bool>.flag(
        "latin-1", "What is not UTF-8 is ISO 8859-1; without, such lines are refused.")
    static let quote = Option<MappedCSV.Quote>(
        "quote", "none|CHAR", "What encloses values: by default \", and nothing where a tab separates.",
        must: "be one ASCII character, or none"
    ) { $0 == "none" ? MappedCSV.Quote.none : byte($0).map { .character($0) } }
    static let escape = Option<UInt8>(
        "escape", "CHAR", "What takes the meaning from the character behind it, such as \\.",
        must: "be one ASCII character"
    ) { byte($0) }
    private static let scale = Option<RatingScale>(
        "scale", "LOW..HIGH", "What ratings are given on, such as 1..10; turned into half a star to five.",
        must: "be two numbers such as 1..10"
    ) { RatingScale($0) }
    private static let source = Option<String>.text(
        "source", "NAME", default: "csv", "The source of the events, and the beginning of identifiers made for them.")

    private static func byte(_ text: String) -> UInt8? {
        text.utf8.count == 1 ? text.utf8.first.flatMap { (0x21...0x7E).contains($0) ? $0 : nil } : nil
    }

    static let csv: Command = Command(
        path: ["import", "csv"], summary: "Bring events from separated values of any layout into the store.",
        details: """
            Reads quoted or plain values, also packed by gzip, zstd, xz or zip, and folders of part files with a header
            each. Times are RFC 3339, dates, or seconds to nanoseconds since 1970. Without a column for the event's
            identifier it is made of user, item, kind and time.
            \(targets)
            """,
        arguments: [.init(name: "PATH", summary: "The file, or the folder of its parts.")],
        options: options + [
            map.spec, kind.spec, separator.spec, quote.spec, escape.spec, noHeader.spec, latin1.spec, scale.spec,
            source.spec,
        ],
        required: ["map"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "import csv ratings.csv.gz --map user=uid,item=movie,value=stars,at=ts --store data",
                meaning: "Reviews, by the names of the first line."),
            .init(
                line: "import csv plays.tsv --no-header --kind view --map user=1,item=2,at=3 --store data",
                meaning: "Films watched to the end, by number of column."),
            .init(
                line: "import csv books.csv --map user=u,item=b,value=r,at=t --scale 1..10 --store data",
                meaning: "Ratings from 1 to 10 as half a star to five."),
        ]
    ) { invocation in
        var options = MappedCSV.Options()
        options.kind = try invocation.value(kind)
        options.separator = invocation.optional(separator)
        options.quote = invocation.optional(quote) ?? .automatic
        options.escape = invocation.optional(escape)
        options.hasHeader = try !invocation.value(noHeader)
        options.isLatin1 = try invocation.value(latin1)
        options.scale = invocation.optional(scale)
        options.source = try invocation.value(source)
        let map = try invocation.value(map)
        try await run(invocation) { [options] in
            try MappedCSV(path: invocation.arguments[0], map: map, options: options)
        }
    }

    private static let options = [
        Options.store.spec, Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.followGroup.spec,
        Options.eventFormat.spec, Options.schemaRegistry.spec, Options.schemaRegistryUser.spec,
        Options.schemaRegistryPassword.spec, Options.keepText.spec, Options.pseudonymiseKey.spec,
    ]

    /// Into the store, or through Kafka, and says what was taken and what was not.
    private static func run(
        _ invocation: Invocation, _ open: @escaping @Sendable () throws -> any EventImport
    ) async throws {
        let started = ContinuousClock.now
        let target = try await target(invocation)
        let (summary, failure) = try await BlockingWork.run("import") { flag -> (ImportSummary, IngestError?) in
            let source = try open()
            var summary = ImportSummary()
            do {
                let bar = ProgressBar("import", total: source.byteCount, unit: "bytes")
                defer { bar.finish() }
                try target(source, &summary, bar, flag)
                return (summary, nil)
            } catch let error as IngestError {
                // What was refused is told all the same.
                guard case .emptyImport = error else { throw error }
                return (summary, error)
            }
        }
        ImportReport.write(summary, ContinuousClock.now - started, hasFailed: failure != nil)
        // A script should not go on.
        if let failure { throw failure }
    }

    private typealias Target =
        @Sendable (any EventImport, inout ImportSummary, ProgressBar, CancellationFlag) throws -> Void

    /// Where the options send a data set.
    private static func target(_ invocation: Invocation) async throws -> Target {
        if KafkaOptions.isNamed(invocation) {
            let properties = try KafkaOptions.properties(invocation)
            try await properties.requireBroker()
            let group = invocation.optional(Options.followGroup)
            return { source, summary, bar, flag in
                let encoding = try KafkaOptions.registry(invocation)?.encoding() ?? .json
                try source.publish(properties, encoding, following: group, into: &summary, flag) { bar.update($0) }
            }
        }
        if try invocation.value(Options.eventFormat) == "avro" {
            throw CommandLineError.missingOption(
                command: invocation.command.name, option: Options.bootstrapServers.spec.name,
                placeholder: "HOST:PORT (because of --format avro)",
                environment: Options.bootstrapServers.spec.environmentName)
        }
        let store = try invocation.store()
        let keepsText = try invocation.value(Options.keepText)
        let pseudonyms = try invocation.pseudonyms()
        return { source, summary, bar, flag in
            try source.store(
                in: store, keepingText: keepsText, pseudonyms: pseudonyms, into: &summary, flag
            ) { progress in
                switch progress {
                case .read(let bytes): bar.update(bytes)
                case .stored(let events, let all):
                    bar.update(
                        source.byteCount ?? 0, note: "\(Figure.count(events)) of \(Figure.count(all)) events")
                case .waiting(let attempts):
                    bar.update(source.byteCount ?? 0, note: "others are storing events; try \(attempts + 1)")
                }
            }
        }
    }
}
