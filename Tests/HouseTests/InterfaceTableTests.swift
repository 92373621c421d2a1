import Foundation
import TestSupport
import Testing

/// Tests/README.md says for every endpoint which tests hold it. The endpoints are those of docs/rest-api.md, which
/// `InterfaceTests` compares with what a server serves.
@Suite struct InterfaceTableTests {
    private static func text(_ page: String) throws -> String {
        try String(contentsOf: Checkout.root.appending(path: page), encoding: .utf8)
    }

    /// The sources of the tests by the names of their files.
    private static func tests() throws -> [String: String] {
        let folder = Checkout.root.appending(path: "Tests")
        let walk = FileManager.default.enumerator(atPath: folder.path)
        var tests: [String: String] = [:]
        while let path = walk?.nextObject() as? String {
            guard path.hasSuffix("Tests.swift") || path.hasSuffix("/browse.py") else { continue }
            let file = URL(filePath: path)
            let name =
                (file.pathExtension == "swift" ? file.deletingPathExtension() : file).lastPathComponent
            tests[name] = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
        }
        return tests
    }

    @Test func everyEndpointIsInTheTableOnce() throws {
        let served = try Self.text("docs/rest-api.md").matches(of: /(?m)^- `([A-Z]+ \/\S*)`$/).map { String($0.1) }
        let held = try Self.text("Tests/README.md").matches(of: /(?m)^\| `([A-Z]+ \/\S*)` \|/).map { String($0.1) }
        #expect(served.count > 70)
        #expect(Set(served).subtracting(held) == [] && Set(held).subtracting(served) == [])
        #expect(held.count == Set(held).count)
    }

    /// Each part of the path that is no parameter stands in the file; the middle of a path may be put together there.
    @Test func everyTestThatIsNamedSpeaksOfItsEndpoint() throws {
        let tests = try Self.tests()
        for row in try Self.text("Tests/README.md").matches(of: /(?m)^\| `[A-Z]+ (\/\S*)` \| (.+) \|$/) {
            let names = String(row.2).matches(of: /`([\w.]+)`/).map { String($0.1) }
            #expect(!names.isEmpty, "\(row.1)")
            for name in names {
                guard let source = tests[name] else {
                    Issue.record("\(row.1): there is no \(name)")
                    continue
                }
                for part in row.1.split(separator: "/") where !part.hasPrefix("{") {
                    #expect(source.contains("/\(part)") || source.contains("\(part)\""), "\(name) and \(row.1)")
                }
            }
        }
    }
}
