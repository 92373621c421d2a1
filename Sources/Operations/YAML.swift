internal import CYAML
import Foundation

/// A piece of a YAML document, with the line it began at (1 for the first).
public struct YAMLNode: Sendable {
    /// What kind of node it is, with what is in it. Scalars are not interpreted: what is a number is the reader's to
    /// say.
    public indirect enum Value: Sendable {
        /// The text of a plain or quoted scalar; a plain `null`, `~` or nothing is empty.
        case scalar(String)
        case list([YAMLNode])
        /// In the order of the file.
        case map([(key: String, value: YAMLNode)])
    }

    public var value: Value
    public var line: Int
}

/// Reads the part of YAML 1.1 that configuration files use: maps, lists and scalars.
///
/// Anchors, aliases and several documents are refused: a billion-laughs file must not cost memory. At most 1 MiB and
/// 32 levels deep.
public enum YAML {
    static let sizeLimit = 1 << 20
    static let depthLimit = 32

    /// Reads a file. Blocks.
    /// - Throws: ``OperationsError``.
    public static func read(fileAt path: String) throws -> YAMLNode {
        let bytes: [UInt8]
        do {
            bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        } catch {
            let exists = FileManager.default.fileExists(atPath: path)
            throw OperationsError.unreadableFile(
                path: path, reason: exists ? "it is not a file that may be read" : "there is no such file")
        }
        return try parse(bytes, named: path)
    }

    /// Parses a document; an empty one is an empty map.
    /// - Parameter name: what error messages call it.
    /// - Throws: ``OperationsError/malformedYAML(file:line:column:problem:)``.
    public static func parse(_ bytes: [UInt8], named name: String) throws -> YAMLNode {
        guard bytes.count <= sizeLimit else {
            throw OperationsError.malformedYAML(
                file: name, line: 1, column: 1, problem: "the file is larger than \(sizeLimit) bytes")
        }
        return try bytes.withUnsafeBufferPointer { bytes in
            var reader = try Reader(bytes, name: name)
            defer { reader.free() }
            return try reader.document()
        }
    }
}

/// Turns libyaml's events into nodes. `free()` must be called; the parser reads the caller's bytes in place.
private struct Reader {
    private var parser = yaml_parser_t()
    private let name: String

    init(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws {
        self.name = name
        guard yaml_parser_initialize(&parser) == 1 else { fatalError("out of memory") }
        yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    }

    mutating func free() { yaml_parser_delete(&parser) }

    mutating func document() throws -> YAMLNode {
        try skip(YAML_STREAM_START_EVENT)
        var first = try next()
        if first.kind == YAML_STREAM_END_EVENT { return YAMLNode(value: .map([]), line: 1) }
        first = try next()
        let node = try self.node(first, depth: 0)
        try skip(YAML_DOCUMENT_END_EVENT)
        let end = try next()
        guard end.kind == YAML_STREAM_END_EVENT else { throw problem("more than one document", at: end) }
        return node
    }

    /// What is kept of one event; the C event is freed as soon as it is read.
    private struct Token {
        var kind: yaml_event_type_t
        var text = ""
        var isPlain = false
        var hasAnchor = false
        var line: Int
        var column: Int
    }

    private mutating func next() throws -> Token {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
            let text = parser.problem.map { String(cString: $0) } ?? "not YAML"
            throw OperationsError.malformedYAML(
                file: name, line: Int(parser.problem_mark.line) + 1, column: Int(parser.problem_mark.column) + 1,
                problem: text)
        }
        defer { yaml_event_delete(&event) }
        var token = Token(
            kind: event.type, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            token.text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            token.isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            token.hasAnchor = scalar.anchor != nil
        case YAML_MAPPING_START_EVENT: token.hasAnchor = event.data.mapping_start.anchor != nil
        case YAML_SEQUENCE_START_EVENT: token.hasAnchor = event.data.sequence_start.anchor != nil
        default: break
        }
        return token
    }

    private mutating func skip(_ kind: yaml_event_type_t) throws {
        let token = try next()
        guard token.kind == kind else { throw problem("the document ends here in the middle", at: token) }
    }

    private mutating func node(_ token: Token, depth: Int) throws -> YAMLNode {
        guard depth < YAML.depthLimit else { throw problem("nested deeper than \(YAML.depthLimit) levels", at: token) }
        guard !token.hasAnchor else { throw problem("anchors are not supported", at: token) }
        switch token.kind {
        case YAML_SCALAR_EVENT:
            let isNull = token.isPlain && ["", "~", "null", "Null", "NULL"].contains(token.text)
            return YAMLNode(value: .scalar(isNull ? "" : token.text), line: token.line)
        case YAML_SEQUENCE_START_EVENT:
            var list: [YAMLNode] = []
            while true {
                let item = try next()
                if item.kind == YAML_SEQUENCE_END_EVENT { break }
                list.append(try node(item, depth: depth + 1))
            }
            return YAMLNode(value: .list(list), line: token.line)
        case YAML_MAPPING_START_EVENT:
            var map: [(key: String, value: YAMLNode)] = []
            var seen: Set<String> = []
            while true {
                let key = try next()
                if key.kind == YAML_MAPPING_END_EVENT { break }
                guard key.kind == YAML_SCALAR_EVENT else { throw problem("a key must be plain text", at: key) }
                guard seen.insert(key.text).inserted else { throw problem("'\(key.text)' stands twice", at: key) }
                map.append((key: key.text, value: try node(try next(), depth: depth + 1)))
            }
            return YAMLNode(value: .map(map), line: token.line)
        case YAML_ALIAS_EVENT: throw problem("aliases are not supported", at: token)
        default: throw problem("unexpected end", at: token)
        }
    }

    private func problem(_ text: String, at token: Token) -> OperationsError {
        .malformedYAML(file: name, line: token.line, column: token.column, problem: text)
    }
}
