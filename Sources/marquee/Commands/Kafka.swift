import Catalog
import Domain
import EventIngest
import Operations

/// What the commands that speak to Kafka share.
enum Kafka {
    private static let log = Log("kafka")

    /// librdkafka's own log lines, at our levels.
    static let observer = KafkaObserver(log: { level, facility, text in
        switch level {
        // A broker that cannot be reached is told once, by the command that needs it; librdkafka repeats it for ever.
        case ...3: log.debug(text, ["facility": facility])
        case 4: log.debug(text, ["facility": facility])
        default: log.trace(text, ["facility": facility])
        }
    })

    /// The properties of `--bootstrap-servers` and `kafka.*`.
    static func properties(_ invocation: Invocation) throws -> KafkaProperties {
        KafkaProperties(
            bootstrapServers: try invocation.value(Options.bootstrapServers), invocation.kafkaProperties)
    }

    /// Fails within seconds, and clearly, where no broker answers: producers alone would try for minutes.
    static func requireBroker(_ properties: KafkaProperties) async throws {
        try await BlockingWork.run("kafka-check") { _ in
            let consumer = try KafkaConsumer(
                properties: properties, group: "marquee-check", batch: 1, observer: observer)
            _ = try consumer.clusterID(timeout: 6)
        }
    }

    /// Sends films to their topic and waits until the cluster has them.
    static func publish(_ movies: [Movie], _ properties: KafkaProperties) async throws {
        try await BlockingWork.run("publish-films") { flag in
            let producer = try KafkaProducer(properties: properties, observer: observer)
            for movie in movies {
                try flag.check()
                try producer.send(MovieJSON.encode(movie), key: movie.itemID, topic: Topics.movies)
            }
            try producer.flush()
        }
    }
}
