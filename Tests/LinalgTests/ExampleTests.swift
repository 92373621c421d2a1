import Domain
import Foundation
import Linalg
import TestSupport
import Testing

/// The examples of the room's front page and of the introduction, compiled and run, and held to be the same text.
@Suite struct ExampleTests {
    @Test func theExampleOfTheFrontPageRuns() throws {
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

        try expectSame("front page", "Sources/Linalg/README.md")
    }

    @Test func theExampleOfTheIntroductionRuns() throws {
        // Begin of the introduction's example.
        var a = try Matrix(rows: 2, columns: 2, elements: [4, 1, 1, 3])
        a[0, 0] = 5  // a value: copies keep their own elements
        let product = try a.times(a)  // 2 × 2
        let inner = try a.timesTransposed(a)  // rows against rows
        let x = try Cholesky(of: a).solve([1, 2])  // a x = b for symmetric positive definite a
        a.withRow(0) { row in print(row.count, row[1]) }  // a Span: no copy, bounds checked
        let sparse = try SparseRows(rows: 2, columns: 3, entries: [(0, 2, 1), (1, 0, 3)])
        sparse.withRow(1) { columns, values in print(columns[0], values[0]) }
        print(sparse.transposed().count(ofRow: 2))
        // End of the example.
        #expect(product == inner, "a is symmetric")
        #expect(isClose(5 * x[0] + x[1], 1, tolerance: 1e-6) && isClose(x[0] + 3 * x[1], 2, tolerance: 1e-6))
        try expectSame("introduction", "docs/linear-algebra.md")
    }

    /// The front page names every file with unsafe code, and no other.
    @Test func unsafeCodeIsWhereThePageSays() throws {
        let folder = Checkout.root.appending(path: "Sources/Linalg")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        let page = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
        let named = page.components(separatedBy: "**Unsafe code**")[1].components(separatedBy: "\n\n")[0]
        var seen = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            let isUnsafe = ["Unsafe", "_unsafe", "Shared(", "unsafeBitCast", "nonisolated(unsafe)"]
                .contains { source.contains($0) }
            #expect(named.contains("`\(file.lastPathComponent)`") == isUnsafe, "\(file.lastPathComponent)")
            seen += 1
        }
        #expect(seen > 10)
    }

    /// The lines between the two comments are those of the page's first block of Swift, imports apart.
    private func expectSame(_ example: String, _ path: String) throws {
        let page = try String(contentsOf: Checkout.root.appending(path: path), encoding: .utf8)
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let run = source.components(separatedBy: "// Begin of the \(example)'s example.\n")[1]
            .components(separatedBy: "        // End")[0]
            .components(separatedBy: "\n").map { words($0) }.filter { !$0.isEmpty }
        let shown = page.components(separatedBy: "```swift\n")[1].components(separatedBy: "```")[0]
            .components(separatedBy: "\n").map { words($0) }.filter { !$0.isEmpty && $0 != "import Linalg" }
        #expect(run == shown)
    }

    /// The spaces before comments are the formatter's business.
    private func words(_ line: String) -> String { line.split(separator: " ").joined(separator: " ") }
}
