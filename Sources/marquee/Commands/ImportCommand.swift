import Catalog
import Columnar
import Domain
import EventIngest
import Foundation
import Operations

/// `marquee import movielens`
enum ImportCommand {
    static let movielens: Command = Command(
        path: ["import", "movielens"], summary: "Bring the ratings and films of a MovieLens folder into the store.",
        details: """
            Understands the folders of GroupLens: latest, 20M, 25M and 32M (CSV), 10M and 1M (::), 100K (tabs). Ratings
            become reviews. With --bootstrap-servers they go through Kafka for 'marquee ingest' to store; without, into
            the store directly, where the same file is stored only once however often it is imported.
            """,
        arguments: [.init(name: "PATH", summary: "The unpacked folder.")],
        options: [
            Options.store.spec, Options.bootstrapServers.spec, Options.kafkaConfig.spec, Options.followGroup.spec,
        ],
        takesKafkaProperties: true,
        examples: [
            .init(line: "import movielens ml-latest-small --store data", meaning: "Into data/events and data/movies."),
            .init(
                line: "import movielens ml-latest-small --bootstrap-servers localhost:9092",
                meaning: "Through Kafka, as if the ratings were happening now."),
        ]
    ) { invocation in
        let path = invocation.arguments[0]
        let started = ContinuousClock.now
        let summary: ImportSummary
        if Kafka.isNamed(invocation) {
            let properties = try Kafka.properties(invocation)
            try await Kafka.requireBroker(properties)
            let group = invocation.optional(Options.followGroup)
            summary = try await BlockingWork.run("import") { flag in
                let source = try MovieLens(folder: path)
                var summary = ImportSummary()
                try Kafka.publish(source.movies(into: &summary), properties, flag)
                try source.publishRatings(properties, following: group, into: &summary, flag)
                return summary
            }
        } else {
            let store = try invocation.value(Options.store)
            summary = try await BlockingWork.run("import") { flag in
                try MovieLens(folder: path).store(in: store, flag)
            }
        }
        StandardOutput.write(line: text(summary, ContinuousClock.now - started))
        for example in summary.examples {
            StandardOutput.write(line: "rejected \(example.file):\(example.line): \(example.reason)")
        }
    }

    private static func text(_ summary: ImportSummary, _ duration: Duration) -> String {
        let reasons = summary.rejected.sorted { $0.key < $1.key }.map { "\($0.key) \(Figure.count($0.value))" }
        return """
            imported \(Figure.count(summary.acceptedEvents)) ratings and \(Figure.count(summary.acceptedMovies)) films \
            in \(Figure.seconds(duration)), rejected \(Figure.count(summary.rejectedCount)) lines
            """ + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }
}

extension MovieLens {
    /// So many ratings at a time are put into the order of their times: the table is partitioned by day, and the files
    /// are ordered by user.
    static let sortedAtOnce = 500_000

    /// Appends films and ratings to the tables of a store. A batch that is there already, from an earlier run over the
    /// same file, is not stored again.
    func store(in store: String, _ flag: CancellationFlag) throws -> ImportSummary {
        var summary = ImportSummary()
        // The file's own digest names its batches, so that another edition of the data set is another import.
        let source = "import:movielens:" + (try Digest.sha256(fileAt: ratingsFile).hex.prefix(16))
        let films = try DeltaTable.openOrCreate(at: "\(store)/\(Tables.movies)", schema: MovieTable.schema)
        _ = try films.append(
            [MovieTable.batch(MovieCleaner.clean(movies(into: &summary)))],
            transactions: [.init(appID: source, version: 1)],
            operation: "IMPORT")
        let events = try DeltaTable.openOrCreate(
            at: "\(store)/\(Tables.events)", schema: EventTable.schema, partitionedBy: EventTable.partitionColumns,
            configuration: EventTable.properties)
        let bar = ProgressBar("import", total: fileSize, unit: "bytes")
        defer { bar.finish() }
        var number: Int64 = 0
        try forEachBatch(of: Self.sortedAtOnce, into: &summary) { batch, bytes in
            try flag.check()
            number += 1
            let outcome = try events.append(
                [EventTable.batch(batch.sorted { $0.at < $1.at }, ingestedAt: .now)],
                transactions: [.init(appID: source, version: number)], operation: "IMPORT")
            if case .alreadyCommitted = outcome {
                Log("import").info("these ratings are in the store already", ["batch": number, "ratings": batch.count])
            }
            bar.update(bytes)
            return true
        }
        return summary
    }

    /// Sends the ratings to their topics and waits until the cluster has them.
    /// - Parameters:
    ///   - group: the consumers to wait for when they fall behind.
    ///   - known: event identifiers that are not sent.
    /// - Returns: how many were sent.
    @discardableResult
    func publishRatings(
        _ properties: KafkaProperties, following group: String?, without known: Set<String> = [],
        into summary: inout ImportSummary, _ flag: CancellationFlag
    ) throws -> Int {
        let producer = try KafkaProducer(
            properties: KafkaProperties(["queue.buffering.max.messages": "5000"]).merging(properties),
            observer: Kafka.observer)
        let follower = try group.map {
            try LagFollower(properties: properties, group: $0, topics: Topics.events, limit: 6000)
        }
        let bar = ProgressBar("import", total: fileSize, unit: "bytes")
        defer { bar.finish() }
        var bytes: [UInt8] = []
        var sent = 0
        try forEachBatch(of: Self.sortedAtOnce, into: &summary) { batch, read in
            for event in batch.sorted(by: { $0.at < $1.at }) where !known.contains(event.eventID) {
                bytes.removeAll(keepingCapacity: true)
                EventEncoder.append(event, to: &bytes)
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

    private var fileSize: Int? {
        (try? FileManager.default.attributesOfItem(atPath: ratingsFile))?[.size] as? Int
    }
}
