/// How to write event messages.
public enum EventEncoding: Sendable, Equatable {
    case json
    /// Avro's binary form with Confluent's framing; the number is that of the events' schema at the registry.
    case avro(schemaID: Int32)
}
