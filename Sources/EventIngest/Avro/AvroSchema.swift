import Foundation

/// An Avro schema (specification 1.11) as a table of nodes, so that values can be passed over without touching the heap.
///
/// A named type may be its own part; then nodes form a cycle, and only data bounds the depth.
struct AvroSchema: Sendable {
    enum Kind: UInt8, Sendable {
        case null, boolean, int, long, float, double, bytes, string, record, enumeration, array, map, union, fixed
    }

    /// What an `int` or `long` stands for, as far as events care.
    enum Logical: UInt8, Sendable {
        case none, milliseconds, microseconds, nanoseconds
        /// A known type that an instant cannot be made of.
        case other
    }

    struct Node: Sendable {
        var kind: Kind
        var logical = Logical.none
        /// Values of it take no bytes at all, however many there are.
        var isEmpty = false
        /// Where its parts begin in ``parts``: fields, branches, items.
        var first: Int32 = 0
        /// How many parts; the size of a fixed; the number of symbols.
        var count: Int32 = 0
    }

    struct Field: Sendable {
        var name: String
        var aliases: [String]
        var hasDefault: Bool
    }

    /// Why a text is no schema.
    struct Fault: Error {
        var reason: String
    }

    private(set) var nodes: [Node] = []
    /// Node numbers, a run for each node that has parts.
    private(set) var parts: [Int32] = []
    private(set) var root = 0
    /// Of record nodes, in the order of their parts.
    private(set) var fields: [Int: [Field]] = [:]
    /// Of enumeration nodes.
    private(set) var symbols: [Int: [String]] = [:]
    private var named: [String: Int] = [:]

    /// - Parameter references: schemas whose named types it may use, those they need first.
    /// - Throws: ``Fault``
    init(_ text: String, references: [String] = []) throws {
        for reference in references { _ = try parse(Self.json(reference), namespace: "", depth: 0) }
        root = try parse(Self.json(text), namespace: "", depth: 0)
        markEmpty()
    }

    func part(_ index: Int, of node: Node) -> Int { Int(parts[Int(node.first) + index]) }

    /// In words, for messages.
    func name(of node: Int) -> String {
        switch nodes[node].kind {
        case .enumeration: "enum"
        case .union:
            "[" + (0..<Int(nodes[node].count)).map { name(of: part($0, of: nodes[node])) }.joined(separator: ", ") + "]"
        default: "\(nodes[node].kind)"
        }
    }

    // MARK: Parsing

    private static let primitives: [String: Kind] = [
        "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double,
        "bytes": .bytes, "string": .string,
    ]
    private static let deepest = 64

    private static func json(_ text: String) throws -> Any {
        do {
            return try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        } catch {
            // Old registries and tools hand out primitive types without quotes.
            guard primitives[text] == nil else { return text }
            throw Fault(reason: "the schema is not JSON")
        }
    }

    private mutating func add(_ node: Node, parts list: [Int] = []) -> Int {
        nodes.append(node)
        if !list.isEmpty { set(parts: list, of: nodes.count - 1) }
        return nodes.count - 1
    }

    private mutating func set(parts list: [Int], of node: Int) {
        nodes[node].first = Int32(parts.count)
        nodes[node].count = Int32(list.count)
        parts += list.map { Int32($0) }
    }

    private mutating func parse(_ json: Any, namespace: String, depth: Int) throws -> Int {
        guard depth <= Self.deepest else { throw Fault(reason: "the schema is nested too deep") }
        switch json {
        case let name as String:
            if let kind = Self.primitives[name] { return add(Node(kind: kind)) }
            guard let node = named[Self.fullName(name, namespace)] ?? named[name] else {
                throw Fault(reason: "the type \(name) is not defined")
            }
            return node
        case let branches as [Any]:
            let list = try branches.map { try parse($0, namespace: namespace, depth: depth + 1) }
            guard !list.contains(where: { nodes[$0].kind == .union }) else {
                throw Fault(reason: "a union holds a union")
            }
            return add(Node(kind: .union), parts: list)
        case let object as [String: Any]:
            guard let type = object["type"] else { throw Fault(reason: "a type has no \"type\"") }
            guard let name = type as? String else { return try parse(type, namespace: namespace, depth: depth + 1) }
            return try parse(object, type: name, namespace: namespace, depth: depth)
        default: throw Fault(reason: "a type is neither a name, nor a list, nor an object")
        }
    }

    private mutating func parse(_ object: [String: Any], type: String, namespace: String, depth: Int) throws -> Int {
        switch type {
        case "record", "error":
            let (node, namespace) = try define(Node(kind: .record), object, namespace)
            guard let list = object["fields"] as? [[String: Any]] else { throw Fault(reason: "a record has no fields") }
            var described: [Field] = []
            var types: [Int] = []
            for field in list {
                guard let name = field["name"] as? String, let type = field["type"] else {
                    throw Fault(reason: "a field has no name or no type")
                }
                guard !described.contains(where: { $0.name == name }) else {
                    throw Fault(reason: "the field \(name) stands twice")
                }
                described.append(
                    Field(
                        name: name, aliases: field["aliases"] as? [String] ?? [], hasDefault: field["default"] != nil))
                types.append(try parse(type, namespace: namespace, depth: depth + 1))
            }
            fields[node] = described
            set(parts: types, of: node)
            return node
        case "enum":
            guard let names = object["symbols"] as? [String] else { throw Fault(reason: "an enum has no symbols") }
            let (node, _) = try define(Node(kind: .enumeration, count: Int32(names.count)), object, namespace)
            symbols[node] = names
            return node
        case "fixed":
            guard let size = object["size"] as? Int, let size = Int32(exactly: size), size >= 0 else {
                throw Fault(reason: "a fixed has no size")
            }
            return try define(Node(kind: .fixed, count: size), object, namespace).node
        case "array", "map":
            guard let item = object[type == "array" ? "items" : "values"] else {
                throw Fault(reason: "an \(type) does not say of what")
            }
            let node = try parse(item, namespace: namespace, depth: depth + 1)
            return add(Node(kind: type == "array" ? .array : .map), parts: [node])
        default:
            guard let kind = Self.primitives[type] else {
                return try parse(type, namespace: namespace, depth: depth + 1)
            }
            return add(Node(kind: kind, logical: Self.logical(object["logicalType"] as? String)))
        }
    }

    /// Enters a named type before its parts are read, which may name it.
    private mutating func define(
        _ node: Node, _ object: [String: Any], _ enclosing: String
    ) throws -> (node: Int, namespace: String) {
        guard let name = object["name"] as? String, !name.isEmpty else {
            throw Fault(reason: "a named type has no name")
        }
        let full = Self.fullName(name, object["namespace"] as? String ?? enclosing)
        guard named[full] == nil else { throw Fault(reason: "the type \(full) is defined twice") }
        let index = add(node)
        named[full] = index
        return (index, full.contains(".") ? String(full[..<full.lastIndex(of: ".")!]) : "")
    }

    private static func fullName(_ name: String, _ namespace: String) -> String {
        name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
    }

    private static func logical(_ name: String?) -> Logical {
        switch name {
        case nil: .none
        case "timestamp-millis": .milliseconds
        case "timestamp-micros": .microseconds
        case "timestamp-nanos": .nanoseconds
        default: .other
        }
    }

    /// An array of values without bytes could claim any number of them, and records of such records multiply.
    private mutating func markEmpty() {
        // A record is as empty as its fields; a cycle through records alone has no finite value, and settles as empty.
        for index in nodes.indices {
            let node = nodes[index]
            nodes[index].isEmpty = node.kind == .null || node.kind == .record || node.kind == .fixed && node.count == 0
        }
        var isSettled = false
        while !isSettled {
            isSettled = true
            for (index, node) in nodes.enumerated() where node.kind == .record && node.isEmpty {
                guard (0..<Int(node.count)).contains(where: { !nodes[part($0, of: node)].isEmpty }) else { continue }
                nodes[index].isEmpty = false
                isSettled = false
            }
        }
    }
}
