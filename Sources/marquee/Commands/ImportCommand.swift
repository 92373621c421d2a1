import Catalog
import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import Operations

/// `marquee import movielens`, `netflix` and `csv`: data sets of events.
enum ImportCommand {
    private static let targets = """
        With --bootstrap-servers they go through Kafka for 'marquee ingest' to store; without, into
        the store directly, where the same file is stored only once however often it is imported. With --format avro
        what goes through Kafka is Avro, and the event's schema is registered.
        """

    static let movielens: Command = Command(
        path: ["import", "movielens"], summary: "Bring the ratings and films of a MovieLens data set into the store.",
        details: """
            Understands the zip files of GroupLens and the folders in them: latest, 20M, 25M and 32M (CSV), 10M and 1M
            (::), 100K (tabs). Ratings become reviews.
            \(targets)
            """,
        arguments: [.init(name: "PATH", summary: "The zip, or the unpacked folder.")],
        options: options, takesKafkaProperties: true,
        examples: [
            .init(line: "import movielens ml-32m.zip --store data", meaning: "Into data/events and data/movies."),
            .init(
                line: "import movielens ml-latest-small --bootstrap-servers localhost:9092",
                meaning: "Through Kafka, as if the ratings were happening now."),
        ]
    ) { invocation in
        try await run(invocation) { try MovieLens(path: invocation.arguments[0]) }
    }

    static let netflix: Command = Command(
        path: ["import", "netflix"], summary: "Bring the ratings and films of the Netflix Prize into the store.",
        details: """
            Understands the folder, or an archive, with combined_data_1.txt to 4 and movie_titles.txt or .csv. Ratings
            become reviews at midnight of their day.
            \(targets)
            """,
        arguments: [.init(name: "PATH", summary: "The folder, or a zip or tar of it.")],
        options: options, takesKafkaProperties: true,
        examples: [.init(line: "import netflix nf_prize --store data", meaning: "Into data/events and data/movies.")]
    ) { invocation in
        try await run(invocation) { try Netflix(path: invocation.arguments[0]) }
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
        "separator", "TEXT", default: ",", "What stands between two columns; \\t is a tab.", must: "not be empty"
    ) { $0.isEmpty ? nil : $0.replacing("\\t", with: "\t") }
    private static let noHeader = Option<Bool>.flag(
        "no-header", "The first line is data; columns are numbers from 1.")
    private static let latin1 = Option<Bool>.flag("latin-1", "Texts are in ISO 8859-1 and not in UTF-8.")
    private static let source = Option<String>.text(
        "source", "NAME", default: "csv", "The source of the events, and the beginning of identifiers made for them.")

    static let csv: Command = Command(
        path: ["import", "csv"], summary: "Bring events from separated values of any layout into the store.",
        details: """
            Reads quoted or plain values, also packed by gzip, zstd, xz or zip. Times are RFC 3339, dates, or seconds,
            milliseconds or microseconds since 1970. Without a column for the event's identifier it is made of user,
            item, kind and time.
            \(targets)
            """,
        arguments: [.init(name: "PATH", summary: "The file.")],
        options: options + [map.spec, kind.spec, separator.spec, noHeader.spec, latin1.spec, source.spec],
        required: ["map"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "import csv ratings.csv.gz --map user=uid,item=movie,value=stars,at=ts --store data",
                meaning: "Reviews, by the names of the first line."),
            .init(
                line:
                    "import csv plays.tsv --no-header --separator '\\t' --kind view --map user=1,item=2,at=3 --store data",
                meaning: "Films watched to the end, by number of column."),
        ]
    ) { invocation in
        var options = MappedCSV.Options()
        options.kind = try invocation.value(kind)
        options.separator = try invocation.value(separator)
        options.hasHeader = try !invocation.value(noHeader)
        options.isLatin1 = try invocation.value(latin1)
        options.source = try invocation.value(source)
        let map = try invocation.value(map)
        try await run(invocation) { [options] in
            try MappedCSV(path: invocation.arguments[0], map: map, options: options)
        }
    }

    private static let options = [
        Options.store.spec, Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.followGroup.spec,
        Options.eventFormat.spec, Options.schemaRegistry.spec, Options.schemaRegistryUser.spec,
        Options.schemaRegistryPassword.spec,
    ]

    /// Into the store, or through Kafka, and says what was taken and what was not.
    private static func run(
        _ invocation: Invocation, _ open: @escaping @Sendable () throws -> any EventImport
    ) async throws {
        let started = ContinuousClock.now
        let summary: ImportSummary
        if Kafka.isNamed(invocation) {
            let properties = try Kafka.properties(invocation)
            try await Kafka.requireBroker(properties)
            let group = invocation.optional(Options.followGroup)
            summary = try await BlockingWork.run("import") { flag in
                let source = try open()
                let encoding = try Kafka.encoding(Kafka.registry(invocation))
                var summary = ImportSummary()
                try Kafka.publish(source.movies(into: &summary), properties, flag)
                try source.publishRatings(properties, encoding, following: group, into: &summary, flag)
                return summary
            }
        } else {
            if try invocation.value(Options.eventFormat) == "avro" {
                throw CommandLineError.missingOption(
                    command: invocation.command.name, option: Options.bootstrapServers.spec.name,
                    placeholder: "HOST:PORT (because of --format avro)",
                    environment: Options.bootstrapServers.spec.environmentName)
            }
            let store = try invocation.value(Options.store)
            summary = try await BlockingWork.run("import") { flag in try open().store(in: store, flag) }
        }
        StandardOutput.write(line: text(summary, ContinuousClock.now - started))
        for example in summary.examples {
            StandardOutput.write(line: "rejected \(example.file):\(example.line): \(example.reason)")
        }
        // Most likely the map, or the whole layout, is not what the file has; a script should not go on.
        if summary.acceptedEvents + summary.acceptedMovies == 0, summary.rejectedCount > 0 {
            throw IngestError.unreadableImport(path: invocation.arguments[0], reason: "none of its lines is usable")
        }
    }

    private static func text(_ summary: ImportSummary, _ duration: Duration) -> String {
        let reasons = summary.rejected.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.count($0.value))" }
        let (events, movies) = (summary.knownEvents, summary.knownMovies)
        let known =
            events + movies == 0
            ? "" : ", \(Figure.count(events)) events and \(Figure.count(movies)) films were in the store already"
        return """
            imported \(Figure.count(summary.acceptedEvents - events)) events and \
            \(Figure.count(summary.acceptedMovies - movies)) films in \(Figure.seconds(duration))\(known), \
            rejected \(Figure.count(summary.rejectedCount)) lines
            """ + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }
}

extension EventImport {
    /// So many ratings at a time are put into the order of their times: the table is partitioned by day, and the files
    /// are ordered by user.
    private var sortedAtOnce: Int { 500_000 }

    /// Appends films and ratings to the tables of a store. A batch that is there already, from an earlier run over the
    /// same file, is not stored again.
    func store(in store: String, _ flag: CancellationFlag) throws -> ImportSummary {
        var summary = ImportSummary()
        // The file's own digest names its batches, so that another edition of the data set is another import.
        let source =
            "import:\(name):" + (try Digest.sha256(fileAt: digestedFile).hex.prefix(16))
            + (variant.isEmpty ? "" : ":\(variant)")
        let catalogue = try movies(into: &summary)
        if !catalogue.isEmpty {
            let films = try DeltaTable.openOrCreate(at: "\(store)/\(Tables.movies)", schema: MovieTable.schema)
            let outcome = try films.append(
                [MovieTable.batch(MovieCleaner.clean(catalogue))], transactions: [.init(appID: source, version: 1)],
                operation: "IMPORT")
            if case .alreadyCommitted = outcome { summary.knownMovies = summary.acceptedMovies }
        }
        let events = try DeltaTable.openOrCreate(
            at: "\(store)/\(Tables.events)", schema: EventTable.schema, partitionedBy: EventTable.partitionColumns,
            configuration: EventTable.properties)
        let bar = ProgressBar("import", total: byteCount, unit: "bytes")
        defer { bar.finish() }
        var number: Int64 = 0
        var known = 0
        try forEachBatch(of: sortedAtOnce, into: &summary) { batch, bytes in
            try flag.check()
            number += 1
            let outcome = try events.append(
                [EventTable.batch(batch.sorted { $0.at < $1.at }, ingestedAt: .now)],
                transactions: [.init(appID: source, version: number)], operation: "IMPORT")
            if case .alreadyCommitted = outcome { known += batch.count }
            bar.update(bytes)
            return true
        }
        summary.knownEvents = known
        return summary
    }

    /// Sends the ratings to their topics and waits until the cluster has them.
    /// - Parameters:
    ///   - encoding: how the messages are written.
    ///   - group: the consumers to wait for when they fall behind.
    ///   - known: event identifiers that are not sent.
    /// - Returns: how many were sent.
    @discardableResult
    func publishRatings(
        _ properties: KafkaProperties, _ encoding: EventEncoding = .json, following group: String?,
        without known: Set<String> = [],
        into summary: inout ImportSummary, _ flag: CancellationFlag
    ) throws -> Int {
        let producer = try KafkaProducer(
            properties: KafkaProperties(["queue.buffering.max.messages": "5000"]).merging(properties),
            observer: Kafka.observer)
        let follower = try group.map {
            try LagFollower(properties: properties, group: $0, topics: Topics.events, limit: 6000)
        }
        let bar = ProgressBar("import", total: byteCount, unit: "bytes")
        defer { bar.finish() }
        var bytes: [UInt8] = []
        var sent = 0
        try forEachBatch(of: sortedAtOnce, into: &summary) { batch, read in
            for event in batch.sorted(by: { $0.at < $1.at }) where !known.contains(event.eventID) {
                bytes.removeAll(keepingCapacity: true)
                encoding.append(event, to: &bytes)
                try producer.send(bytes, key: event.userID, topic: event.kind.topic)
                sent += 1
                guard sent % 2000 == 0 else { continue }
                try flag.check()
                try follower?.wait { flag.isSet }
            }
            bar.update(read)
            return true
        }
        try flag.check()
        try producer.flush()
        return sent
    }
}
