import Foundation
import TestSupport
import Testing

/// What the README and the manual tell people to type works as it stands there.
@Suite struct DocumentTests {
    /// A page with blocks that say of themselves that they can be run: ` ```sh runnable `.
    struct Page: Sendable, CustomTestStringConvertible {
        let path: String
        let blocks: [String]
        var testDescription: String { path }
    }

    static let pages: [Page] = {
        let root = Checkout.root.path
        let manual = FileManager.default.enumerator(atPath: "\(root)/docs")?.allObjects as? [String] ?? []
        return (["README.md"] + manual.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }).compactMap {
            path in
            guard let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) else { return nil }
            let blocks = runnable(text)
            return blocks.isEmpty ? nil : Page(path: path, blocks: blocks)
        }
    }()

    static func runnable(_ text: String) -> [String] {
        text.components(separatedBy: "```sh runnable\n").dropFirst().map {
            $0.components(separatedBy: "\n```")[0] + "\n"
        }
    }

    @Test func theWalkOfTheREADMEIsAmongThem() {
        #expect(Self.pages.first?.path == "README.md")
        #expect(Self.pages.first?.blocks.contains { $0.contains("marquee serve") } == true)
        #expect(
            Self.runnable("a\n```sh\nno\n```\n```sh runnable\nb\nc\n```\nd\n```sh runnable\ne\n```") == [
                "b\nc\n", "e\n",
            ])
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "curl is not installed"),
        arguments: pages)
    func blocksRunAsTheyStand(page: Page) async throws {
        try await withTemporaryFolder { folder in
            // The port that the documents name may be taken.
            let port = try #require(Self.freePort())
            let program = MarqueeProcess.program.deletingLastPathComponent().path
            let script = folder.appending(path: "script")
            let text = """
                set -euo pipefail
                trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
                unset ${!MARQUEE_*}
                cd '\(folder.path)'
                export PATH='\(program)':$PATH MARQUEE_PORT=\(port)

                """
            let blocks = page.blocks.joined().replacing("localhost:8080", with: "localhost:\(port)")
            try Data((text + blocks).utf8).write(to: script)
            let (status, output) = try await runCommand("/usr/bin/timeout", ["300", "/bin/bash", script.path])
            #expect(status == 0, "\(page.path): \(output)")
            #expect(!output.contains("marquee: "), "\(page.path): \(output)")
            if page.path == "README.md" {
                let answer = try #require(output.split(separator: "\n").last { $0.contains("{\"request_id\"") })
                let list = try Loop.json(String(answer[(answer.firstIndex(of: "{") ?? answer.startIndex)...]))
                let titles = (list["items"] as? [[String: Any]])?.compactMap { item in
                    (item["fields"] as? [String: Any])?["title"] as? String
                }
                #expect(titles?.count == 3, "\(answer)")
            }
        }
    }

    private static func freePort() -> Int? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(socket, address, length) == 0, getsockname(socket, address, &length) == 0 else { return nil }
                return Int(UInt16(bigEndian: pointer.pointee.sin_port))
            }
        }
    }
}
