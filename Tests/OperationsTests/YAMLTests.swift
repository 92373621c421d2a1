import Operations
import TestSupport
import Testing

@Suite struct YAMLTests {
    /// A compact form for comparison: maps as {k:v}, lists as [v].
    private func shape(_ node: YAMLNode) -> String {
        switch node.value {
        case .scalar(let text): text
        case .list(let list): "[" + list.map(shape).joined(separator: ",") + "]"
        case .map(let map): "{" + map.map { "\($0.key):\(shape($0.value))" }.joined(separator: ",") + "}"
        }
    }

    private func parse(_ text: String) throws -> YAMLNode { try YAML.parse(Array(text.utf8), named: "f.yaml") }

    @Test func mapsListsAndScalars() throws {
        let node = try parse(
            """
            # a comment
            store: data
            k: [10, 20]
            kafka:
              security.protocol: "ssl"
              empty: ~
            """)
        #expect(shape(node) == "{store:data,k:[10,20],kafka:{security.protocol:ssl,empty:}}")
        guard case .map(let map) = node.value else { return }
        #expect(map.map(\.value.line) == [2, 3, 5])
    }

    @Test func anEmptyDocumentIsAnEmptyMap() throws {
        #expect(shape(try parse("")) == "{}")
        #expect(shape(try parse("# only a comment\n")) == "{}")
    }

    @Test(arguments: [
        ("a: 1\na: 2", 2, "'a' stands twice"),
        ("a: &x 1", 1, "anchors are not supported"),
        ("a: 1\n---\nb: 2", 2, "more than one document"),
        ("a: [1", 1, "did not find expected"),
        ("a: \"x", 1, "found unexpected end of stream"),
        ("\tb: 1", 1, "cannot start any token"),
        ("? [a]\n: b", 1, "a key must be plain text"),
    ])
    func malformedYAMLIsRefusedWithItsLineAndReason(text: String, line: Int, problem: String) throws {
        let error = #expect(throws: OperationsError.self) { try parse(text) }
        guard case .malformedYAML("f.yaml", let found, _, let said)? = error else {
            Issue.record("not the expected error: \(String(describing: error))")
            return
        }
        #expect(said.contains(problem))
        #expect(found >= line)
    }

    @Test func depthAndSizeAreLimited() {
        #expect(throws: OperationsError.self) { try parse(String(repeating: "[", count: 40)) }
        #expect(throws: OperationsError.self) { try parse("a: " + String(repeating: "x", count: 1 << 20)) }
    }

    @Test func everyPrefixAndEveryChangedByteParsesOrThrows() {
        let text = Array("a: 1\nb: [x, \"y\", {c: d}]\ne:\n  f: |\n    text\n  g: 'h'\n".utf8)
        for end in 0...text.count { _ = try? YAML.parse(Array(text[..<end]), named: "f") }
        for position in text.indices {
            for byte in [0, 9, 10, 34, 38, 42, 58, 91, 123, 128, 255] as [UInt8] {
                var changed = text
                changed[position] = byte
                _ = try? YAML.parse(changed, named: "f")
            }
        }
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: OperationsError.self) { try YAML.read(fileAt: "/nowhere.yaml") }
        #expect(error?.message.contains("/nowhere.yaml") == true)
    }
}
