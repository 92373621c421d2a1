public import Domain

extension EventEncoding {
    /// Appends one event as its message.
    public func append(_ event: Event, to bytes: inout [UInt8]) {
        switch self {
        case .json: EventEncoder.append(event, to: &bytes)
        case .avro(let id): AvroEventEncoder.append(event, schemaID: id, to: &bytes)
        }
    }

    /// The same for an event whose texts lie in memory as UTF-8.
    func append(_ fields: EventFields, to bytes: inout [UInt8]) {
        switch self {
        case .json: EventEncoder.append(fields, to: &bytes)
        case .avro(let id): AvroEventEncoder.append(fields, schemaID: id, to: &bytes)
        }
    }
}
