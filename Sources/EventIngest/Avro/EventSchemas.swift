import Domain
import Synchronization

/// What is known of the schemas that messages name, so that the registry is asked once for each.
///
/// A schema never changes under its number, so what was found stays; that there is none is believed for a minute. At
/// most ``limit`` are kept: numbers come from messages, and anybody may write any.
package final class EventSchemas: Sendable {
    enum Resolution: Sendable {
        case plan(AvroEventPlan)
        /// Events cannot be read from it, and why in words.
        case refused(RejectReason, String)
    }

    private struct Entry {
        var resolution: Resolution
        var expiry: ContinuousClock.Instant?
    }

    package static let limit = 1000
    private static let patience = Duration.seconds(60)

    private let fetchSchema: @Sendable (Int32) throws -> SchemaRegistry.Registered?
    private let entries = Mutex<[Int32: Entry]>([:])

    /// With the schemas of a registry, each asked for when a message first names it.
    package convenience init(_ registry: SchemaRegistry) {
        self.init { try registry.schema($0) }
    }

    /// With schemas from elsewhere, by their texts.
    package convenience init(texts: [Int32: String]) {
        self.init { id in texts[id].map { SchemaRegistry.Registered(type: "AVRO", text: $0, references: []) } }
    }

    private init(fetch: @escaping @Sendable (Int32) throws -> SchemaRegistry.Registered?) { fetchSchema = fetch }

    /// Nil if it has to be fetched.
    func known(_ id: Int32) -> Resolution? {
        entries.withLock { entries in
            guard let entry = entries[id] else { return nil }
            if let expiry = entry.expiry, expiry < .now { return nil }
            return entry.resolution
        }
    }

    /// Asks the registry. Blocks.
    /// - Throws: ``IngestError`` if it does not answer; then nothing is known of the schema, good or bad.
    func fetch(_ id: Int32) throws {
        let found = try fetchSchema(id)
        let entry =
            found.map { Entry(resolution: Self.resolve($0), expiry: nil) }
            ?? Entry(resolution: .refused(.unknownSchema, "number \(id)"), expiry: .now + Self.patience)
        entries.withLock { entries in
            if entries.count >= Self.limit { Self.makeRoom(in: &entries) }
            entries[id] = entry
        }
    }

    /// Those that were not there go first.
    private static func makeRoom(in entries: inout [Int32: Entry]) {
        entries = entries.filter { $0.value.expiry == nil }
        if entries.count >= limit { entries.removeAll() }
    }

    private static func resolve(_ schema: SchemaRegistry.Registered) -> Resolution {
        guard schema.type == "AVRO" else { return .refused(.incompatibleSchema, "it is \(schema.type) and not AVRO") }
        do {
            return .plan(
                try AvroEventPlan(writer: try AvroSchema(schema.text, references: schema.references)))
        } catch let error as AvroSchema.Fault {
            return .refused(.incompatibleSchema, error.reason)
        } catch let error as AvroEventPlan.Incompatible {
            return .refused(.incompatibleSchema, error.reason)
        } catch {
            return .refused(.incompatibleSchema, "it cannot be read")
        }
    }
}
