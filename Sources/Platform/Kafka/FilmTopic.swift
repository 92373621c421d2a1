internal import Catalog
public import Domain
public import Kafka
public import Operations

/// The topic that carries the catalogue.
public enum FilmTopic {
    /// The films that a message describes, or the mark that the film of its key is withdrawn.
    ///
    /// Their time is the message's, unless a description has one of its own: a topic that is read again, or late, says the
    /// same. A producer's clock that is ahead counts as now, or its description would stand for as long as it is ahead.
    /// - Returns: the films, and what of the message is none.
    static func films(
        of message: KafkaMessage, receivedAt: Timestamp
    ) throws(CatalogError) -> (films: [Movie], trouble: CatalogError?) {
        let time =
            message.timestamp < 0 ? receivedAt : min(receivedAt, Timestamp(microseconds: message.timestamp * 1000))
        guard message.isTombstone else {
            let raw = try RawFilms(message.payload, updatedAt: time)
            return (raw.films, raw.trouble.map { .malformedMovie(reason: $0) })
        }
        guard let itemID = String(validating: message.key, as: UTF8.self),
            (1...EventLimits().idLength).contains(itemID.utf8.count)
        else {
            throw .malformedMovie(
                reason: "a tombstone needs the film's id as its key, of 1 to \(EventLimits().idLength) bytes of UTF-8")
        }
        return ([.withdrawn(itemID, at: time)], nil)
    }

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
