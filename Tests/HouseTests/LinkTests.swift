import Foundation
import TestSupport
import Testing

/// What the documents point at is there.
@Suite struct LinkTests {
    /// A link in a document that leads to a place of the repository.
    struct Link: CustomStringConvertible {
        let page: String
        /// As it is written, without the part behind `#`; empty for the page itself.
        let target: String
        /// The part behind `#`.
        let heading: String?

        var description: String { "\(page): \(target)\(heading.map { "#\($0)" } ?? "")" }
    }

    /// All documents of the checkout, from its root.
    static let pages: [String] = {
        let root = Checkout.root.path
        let walk = FileManager.default.enumerator(atPath: root)
        var pages: [String] = []
        while let path = walk?.nextObject() as? String {
            // `.build`, `.venv`: what is made there is not ours.
            if path.hasPrefix(".") || path.hasSuffix("node_modules") { walk?.skipDescendants() }
            if path.hasSuffix(".md"), !path.hasPrefix(".") { pages.append(path) }
        }
        return pages.sorted()
    }()

    private static func text(_ page: String) throws -> String {
        try String(contentsOf: Checkout.root.appending(path: page), encoding: .utf8)
    }

    /// The text without its code blocks and code spans, in which `[a](b)` is no link.
    static func prose(_ text: String) -> String {
        let blocks = text.replacing(/(?m)^ *```[^\n]*\n(?s:.*?)^ *```/, with: "")
        return blocks.replacing(/(\[)?`[^`\n]*`/) { $0.1 == nil ? "" : "[" }
    }

    /// The relative links of a page.
    static func links(of page: String, _ text: String) -> [Link] {
        prose(text).matches(of: /\]\(([^)\s]+)\)/).compactMap { match in
            let address = String(match.1)
            if address.contains("://") || address.hasPrefix("mailto:") { return nil }
            let parts = address.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            return Link(
                page: page, target: String(parts[0]), heading: parts.count > 1 ? String(parts[1]) : nil)
        }
    }

    /// The anchors of a page's headings, as GitHub makes them.
    static func anchors(_ text: String) -> Set<String> {
        let blocks = text.replacing(/(?m)^ *```[^\n]*\n(?s:.*?)^ *```/, with: "")
        return Set(
            blocks.matches(of: /(?m)^#+ +(.+)$/).map { match in
                String(
                    match.1.lowercased().compactMap { character in
                        character == " "
                            ? "-"
                            : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
                    })
            })
    }

    @Test func everyRelativeLinkLeadsToAFileAndItsHeading() throws {
        #expect(Self.pages.contains("README.md") && Self.pages.contains("docs/decisions/README.md"))
        for page in Self.pages {
            for link in Self.links(of: page, try Self.text(page)) {
                let folder = URL(filePath: page, relativeTo: Checkout.root).deletingLastPathComponent()
                let target =
                    link.target.isEmpty
                    ? Checkout.root.appending(path: page) : folder.appending(path: link.target).standardizedFileURL
                guard FileManager.default.fileExists(atPath: target.path) else {
                    Issue.record("\(link) is not there")
                    continue
                }
                if let heading = link.heading, target.pathExtension == "md" {
                    let anchors = Self.anchors(try String(contentsOf: target, encoding: .utf8))
                    #expect(anchors.contains(heading), "\(link) has no such heading")
                }
            }
        }
    }

    @Test func linksAreFoundInProseAlone() {
        let text = "[a](b.md#c) `[d](e)`\n```swift\nf[0](g)\n```\n[`h`](i/) [j](https://k) [l](#m)\n"
        #expect(
            Self.links(of: "p", text).map(\.description) == ["p: b.md#c", "p: i/", "p: #m"])
        #expect(Self.anchors("# A `b`, c\n```\n# no\n```\n## D_e-f\n") == ["a-b-c", "d_e-f"])
    }

    @Test(arguments: ["README.md", "ARCHITECTURE.md"])
    func theMapNamesEveryRoomWithItsPage(map: String) throws {
        let targets = Set(Self.links(of: map, try Self.text(map)).map(\.target))
        for room in try House.here().rooms {
            #expect(targets.contains("Sources/\(room)/README.md"), "\(map) does not lead to the page of \(room)")
        }
    }
}
