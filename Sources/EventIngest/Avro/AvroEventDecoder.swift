package import Domain

/// Confluent's framing of Avro: a zero byte, the number of the schema (big-endian), the value without a container.
enum ConfluentFrame {
    static let length = 5

    static func append(schemaID: Int32, to bytes: inout [UInt8]) {
        bytes.append(0)
        withUnsafeBytes(of: schemaID.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// - Throws: ``RejectReason/unframed``
    static func schemaID(of message: UnsafeRawBufferPointer) throws(RejectReason) -> Int32 {
        guard message.count >= length, message[0] == 0 else { throw .unframed }
        return Int32(bigEndian: message.loadUnaligned(fromByteOffset: 1, as: Int32.self))
    }
}

/// Reads events in Avro's binary form, each by the schema it names.
///
/// Written by hand, because resolving an event through libavro allocates a value and costs many times as much; fastavro
/// is its oracle in tests. docs/decisions/decoding-messages.md has the figures. One thread uses it at a time.
package final class AvroEventDecoder: EventMessageDecoder {
    private let limits: EventLimits
    private let schemas: EventSchemas
    /// The newest schema stays at hand: messages of one kind stand together.
    private var current: (id: Int32, plan: AvroEventPlan)?
    /// A schema that has to be fetched before the last message can be read.
    private var wanted: Int32?
    /// What is wrong with a schema.
    private var schemaProblem: String?
    private var refusedField: String?

    package init(schemas: EventSchemas, limits: EventLimits = EventLimits()) {
        self.schemas = schemas
        self.limits = limits
    }

    /// What is wrong with the schema, or the field that the last message was refused for.
    package var explanation: String? { schemaProblem ?? refusedField }

    /// The latest time an event may have, by the receiver's clock.
    package func latest(_ now: Timestamp) -> Timestamp { limits.latest(now) }

    /// Reads one framed message. The slices lie in the message, and are valid as long as it is.
    package func decode(_ message: UnsafeRawBufferPointer, latest: Timestamp) throws(RejectReason) -> EventFields {
        refusedField = nil
        guard message.count > 0 else { throw .empty }
        guard message.count <= limits.messageLength else { throw .tooLong }
        let plan = try plan(try ConfluentFrame.schemaID(of: message))
        guard message.count > ConfluentFrame.length else { throw .malformedAvro }
        let body = UnsafeRawBufferPointer(rebasing: message[ConfluentFrame.length...])
        var cursor = AvroCursor(body.bindMemory(to: UInt8.self))
        var fields = EventFields()
        do throws(RejectReason) {
            try plan.read(&cursor, into: &fields)
            try limits.check(fields, latest: latest)
        } catch {
            refusedField =
                limits.offenders(error, fields).explanation
                ?? plan.refusedField(AvroCursor(body.bindMemory(to: UInt8.self)))
            throw error
        }
        return fields
    }

    @inline(__always)
    private func plan(_ id: Int32) throws(RejectReason) -> AvroEventPlan {
        if let current, current.id == id { return current.plan }
        return try otherPlan(id)
    }

    private func otherPlan(_ id: Int32) throws(RejectReason) -> AvroEventPlan {
        switch schemas.known(id) {
        case .plan(let plan):
            current = (id, plan)
            return plan
        case .refused(let reason, let why):
            schemaProblem = why
            throw reason
        case nil:
            wanted = id
            throw .unknownSchema
        }
    }

    /// Fetches the schema that the refused message names, if nothing is known of it. Blocks.
    package func mayRetry(after reason: RejectReason) throws -> Bool {
        guard let id = wanted else {
            // What was said about another message does not go with this one.
            if reason != .unknownSchema, reason != .incompatibleSchema { schemaProblem = nil }
            return false
        }
        wanted = nil
        try schemas.fetch(id)
        return true
    }
}
