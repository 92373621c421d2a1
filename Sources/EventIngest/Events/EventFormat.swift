/// How event messages are written.
public enum EventFormat: Sendable {
    case json
    /// Avro's binary form with Confluent's framing; the schemas are in a registry.
    case avro(SchemaRegistry)
}
