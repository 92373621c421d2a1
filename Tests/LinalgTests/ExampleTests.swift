import Domain
import Foundation
import Linalg
import TestSupport
import Testing

/// The example on the room's front page, compiled and run, and held to be the same text.
@Suite struct ExampleTests {
    @Test func frontPage() throws {
        // Begin of the front page's example.
        let ratings = try SparseRows(rows: 2, columns: 3, entries: [(0, 1, 1), (1, 2, 0.5)])  // CSR
        let y = try Matrix(rows: 3, columns: 2, elements: [1, 0, 0, 1, 1, 1])  // row-major
        let g = try Gramian(of: y).matrix  // YᵀY
        let x = try Cholesky(of: g).solve([1, 2])  // G x = b
        let best = try PackedItems(y).topK(x, count: 2)  // [(item, score)]
        // End of the example.
        #expect(ratings.count == 2)
        #expect(g.elements == [2, 1, 1, 2])
        #expect(isClose(x[0], 0, tolerance: 1e-6) && isClose(x[1], 1, tolerance: 1e-6))
        // Both score 1 within rounding.
        #expect(best.map(\.item.position).sorted() == [1, 2])

        let page = try String(
            contentsOf: Checkout.root.appending(path: "Sources/Linalg/README.md"), encoding: .utf8)
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let example = source.components(separatedBy: "front page's example.\n")[1]
            .components(separatedBy: "        // End")[0]
            .components(separatedBy: "\n").map { words($0) }.filter { !$0.isEmpty }
        let shown = page.components(separatedBy: "```swift\n")[1].components(separatedBy: "```")[0]
            .components(separatedBy: "\n").map { words($0) }.filter { !$0.isEmpty }
        #expect(example == shown)
    }

    /// The spaces before comments are the formatter's business.
    private func words(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }
}
