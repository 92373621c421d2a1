internal import Catalog
public import Domain
public import Kafka
public import Operations

/// The topic that carries the catalogue.
public enum FilmTopic {
    /// Sends films to the topic and waits until the cluster has them.
    public static func publish(_ movies: [Movie], _ properties: KafkaProperties) async throws {
        try await BlockingWork.run("publish-films") { flag in try publish(movies, properties, flag) }
    }

    /// The same for a thread that may wait.
    public static func publish(_ movies: [Movie], _ properties: KafkaProperties, _ flag: CancellationFlag) throws {
        let producer = try KafkaProducer(properties: properties, observer: .logging)
        for movie in movies {
            try flag.check()
            try producer.send(MovieJSON.encode(movie), key: movie.itemID, topic: Topics.movies)
        }
        try producer.flush()
    }
}
