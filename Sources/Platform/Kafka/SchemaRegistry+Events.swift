public import Domain
public import EventIngest
internal import HTTPClient
internal import Operations

extension SchemaRegistry {
    /// The registry at an address, which answers; its password is kept out of the log from here on. Blocks.
    /// - Throws: an `IngestError` if nobody answers there, or it is no registry.
    public static func reached(at address: RegistryAddress) throws -> SchemaRegistry {
        if case .basic(_, let password) = address.credentials { Secrets.register(password) }
        let registry = SchemaRegistry(address)
        try registry.check()
        return registry
    }

    /// How to write events in Avro: the event's schema is registered for the values of each event topic, and the
    /// registry gives it one number. Blocks.
    public func encoding() throws -> EventEncoding {
        let ids = try Topics.events.map { try register(AvroEventEncoder.schema, for: "\($0)-value") }
        return .avro(schemaID: ids[0])
    }
}
