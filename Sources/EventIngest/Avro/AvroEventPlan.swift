import Domain

/// How to read events that were written with some schema, by Avro's rules of schema resolution: fields are matched by
/// name or by an alias of ours, in whatever order; fields we do not know are passed; `review_text` and `source` may be
/// absent or null; numbers are promoted; a branch of a union is resolved when it occurs.
///
/// Two liberties beyond the rules: the names of the record and of the enumeration do not matter, and `kind` may be a
/// string, because that is what a producer has who comes from JSON.
final class AvroEventPlan: Sendable {
    /// What the product writes, and what everything else is resolved to.
    static let eventSchema = """
        {"type":"record","name":"Event","namespace":"marquee","doc":"A view, like or review of one item by one user.",\
        "fields":[\
        {"name":"event_id","type":"string","aliases":["eventId"]},\
        {"name":"user_id","type":"string","aliases":["userId"]},\
        {"name":"item_id","type":"string","aliases":["itemId","movie_id","movieId"]},\
        {"name":"kind","type":{"type":"enum","name":"EventKind","symbols":["view","like","review"]}},\
        {"name":"value","type":"double"},\
        {"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},\
        {"name":"review_text","type":["null","string"],"default":null,"aliases":["reviewText"]},\
        {"name":"source","type":["null","string"],"default":null}]}
        """

    /// Why events cannot be read from a schema.
    struct Incompatible: Error {
        var reason: String
    }

    private enum Target: String, CaseIterable {
        case eventID = "event_id"
        case userID = "user_id"
        case itemID = "item_id"
        case kind
        case value
        case at
        case reviewText = "review_text"
        case source

        var isOptional: Bool { self == .reviewText || self == .source }
    }

    private enum Operation: UInt8 {
        case skip, eventID, userID, itemID, reviewText, source
        case kindSymbol, kindText, intValue, longValue, floatValue, doubleValue
        case microseconds, milliseconds, nanoseconds
        /// A null where one may stand, and where none may.
        case absent, missing
        case union
        case wrongType
    }

    private struct Step {
        var operation: Operation
        /// A node to skip; the first of a union's branches in ``steps``; the first of an enumeration's in ``kinds``.
        var first: Int32 = 0
        var count: Int32 = 0
    }

    private let writer: AvroNodes
    /// One for each field of the writer, then the branches of unions.
    private let steps: [Step]
    private let fieldCount: Int
    /// The writer's names of its fields.
    private let names: [String]
    /// Of the writer's symbols: the kind's number, or 255.
    private let kinds: [UInt8]

    /// - Throws: ``Incompatible``
    init(writer schema: AvroSchema) throws {
        let root = schema.nodes[schema.root]
        guard root.kind == .record, let fields = schema.fields[schema.root] else {
            throw Incompatible(reason: "it describes \(schema.name(of: schema.root)) and not a record")
        }
        var builder = Builder(schema: schema)
        var targets = [Target?](repeating: nil, count: fields.count)
        for field in Self.ours {
            let names = [field.name] + field.aliases
            guard let index = names.lazy.compactMap({ name in fields.firstIndex { $0.name == name } }).first else {
                guard field.hasDefault else { throw Incompatible(reason: "it has no field \(field.name)") }
                continue
            }
            targets[index] = Target(rawValue: field.name)
        }
        builder.steps = [Step](repeating: Step(operation: .wrongType), count: fields.count)
        for (index, field) in fields.enumerated() {
            let node = schema.part(index, of: root)
            guard let target = targets[index] else {
                builder.steps[index] = Step(operation: .skip, first: Int32(node))
                continue
            }
            guard let step = builder.step(to: target, from: node) else {
                throw Incompatible(reason: "its field \(field.name) is \(schema.name(of: node))")
            }
            builder.steps[index] = step
        }
        writer = AvroNodes(schema)
        fieldCount = fields.count
        names = fields.map(\.name)
        steps = builder.steps
        kinds = builder.kinds
    }

    private static let ours: [AvroSchema.Field] = {
        guard let schema = try? AvroSchema(eventSchema), let fields = schema.fields[schema.root] else {
            preconditionFailure("the event schema is a record")
        }
        return fields
    }()

    private struct Builder {
        let schema: AvroSchema
        var steps: [Step] = []
        var kinds: [UInt8] = []

        /// Nil if no value of the node can become the field.
        mutating func step(to target: Target, from index: Int) -> Step? {
            let node = schema.nodes[index]
            if node.kind == .union {
                let branches = (0..<Int(node.count)).map { step(to: target, from: schema.part($0, of: node)) }
                let isUsable = branches.contains { step in
                    step.map { $0.operation != .absent && $0.operation != .missing } ?? false
                }
                guard isUsable || target.isOptional && branches.contains(where: { $0 != nil }) else { return nil }
                let first = steps.count
                steps += branches.map { $0 ?? Step(operation: .wrongType) }
                return Step(operation: .union, first: Int32(first), count: node.count)
            }
            if node.kind == .null { return Step(operation: target.isOptional ? .absent : .missing) }
            switch (target, node.kind) {
            case (.eventID, .string), (.eventID, .bytes): return Step(operation: .eventID)
            case (.userID, .string), (.userID, .bytes): return Step(operation: .userID)
            case (.itemID, .string), (.itemID, .bytes): return Step(operation: .itemID)
            case (.reviewText, .string), (.reviewText, .bytes): return Step(operation: .reviewText)
            case (.source, .string), (.source, .bytes): return Step(operation: .source)
            case (.kind, .string): return Step(operation: .kindText)
            case (.kind, .enumeration):
                let first = kinds.count
                kinds += (schema.symbols[index] ?? []).map { EventKind(name: $0)?.rawValue ?? 255 }
                return Step(operation: .kindSymbol, first: Int32(first), count: node.count)
            case (.value, .int): return Step(operation: .intValue)
            case (.value, .long): return Step(operation: .longValue)
            case (.value, .float): return Step(operation: .floatValue)
            case (.value, .double): return Step(operation: .doubleValue)
            case (.at, .int), (.at, .long):
                switch node.logical {
                case .none, .microseconds: return Step(operation: .microseconds)
                case .milliseconds: return Step(operation: .milliseconds)
                case .nanoseconds: return Step(operation: .nanoseconds)
                case .other: return nil
                }
            default: return nil
            }
        }
    }

    // MARK: Reading

    /// Reads one event's body; the fields are slices of it.
    func read(_ cursor: inout AvroCursor, into fields: inout EventFields) throws(RejectReason) {
        for index in 0..<fieldCount { try take(steps[index], &cursor, &fields) }
        guard cursor.remaining == 0 else { throw .malformedAvro }
    }

    /// The writer's name of the field that a body cannot be read beyond; nil if that is none of ours.
    func refusedField(_ cursor: AvroCursor) -> String? {
        var cursor = cursor
        var fields = EventFields()
        for index in 0..<fieldCount {
            do throws(RejectReason) {
                try take(steps[index], &cursor, &fields)
            } catch {
                return error == .malformedAvro || steps[index].operation == .skip ? nil : names[index]
            }
        }
        return nil
    }

    @inline(__always)
    private func take(
        _ step: Step, _ cursor: inout AvroCursor, _ fields: inout EventFields
    ) throws(RejectReason) {
        var step = step
        if step.operation == .union {
            let branch = try cursor.long()
            guard branch >= 0, branch < step.count else { throw .malformedAvro }
            step = steps[Int(step.first) + Int(branch)]
        }
        switch step.operation {
        case .skip: try cursor.skip(Int(step.first), of: writer)
        case .eventID: fields.eventID = try cursor.text()
        case .userID: fields.userID = try cursor.text()
        case .itemID: fields.itemID = try cursor.text()
        case .reviewText: fields.reviewText = try cursor.text()
        case .source: fields.source = try cursor.text()
        case .kindSymbol:
            let symbol = try cursor.long()
            guard symbol >= 0, symbol < step.count else { throw .malformedAvro }
            guard let kind = EventKind(rawValue: kinds[Int(step.first) + Int(symbol)]) else { throw .unknownKind }
            fields.kind = kind
        case .kindText: fields.kind = try EventKind.named(try cursor.text())
        case .intValue: fields.value = Float(try cursor.int())
        case .longValue: fields.value = Float(try cursor.long())
        case .floatValue: fields.value = try cursor.float()
        case .doubleValue: fields.value = Float(try cursor.double())
        case .microseconds: fields.at = Timestamp(microseconds: try cursor.long())
        case .milliseconds:
            let (product, overflow) = try cursor.long().multipliedReportingOverflow(by: 1000)
            guard !overflow else { throw .timeOutOfWindow }
            fields.at = Timestamp(microseconds: product)
        case .nanoseconds:
            // Towards the past, so that an instant never moves into the next microsecond.
            let (quotient, remainder) = try cursor.long().quotientAndRemainder(dividingBy: 1000)
            fields.at = Timestamp(microseconds: remainder < 0 ? quotient - 1 : quotient)
        case .absent: return
        case .missing: throw .missingField
        case .union, .wrongType: throw .wrongType
        }
    }
}
