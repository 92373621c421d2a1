import Domain

/// How event messages are written.
public enum EventFormat: Sendable {
    case json
    /// Avro's binary form with Confluent's framing; the schemas are in a registry.
    case avro(SchemaRegistry)
}

extension EventFormat {
    /// A decoder for one thread. Through the protocol, which costs nanoseconds: for live events, not for the bulk.
    func decoder(limits: EventLimits) -> any EventMessageDecoder {
        switch self {
        case .json: EventDecoder(limits: limits)
        case .avro(let registry): AvroEventDecoder(schemas: EventSchemas(registry), limits: limits)
        }
    }
}
