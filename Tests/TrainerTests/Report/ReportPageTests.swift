import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

/// Reports as their readers meet them: JSON by its schema, pages in a browser without a network.
@Suite struct ReportPageTests {
    /// An evaluation with everything that a report can have.
    private func whole() throws -> EvaluationReport {
        var configuration = smallConfiguration()
        let genres = ["Comedy", "Crime", "Drama", "Western"]
        configuration.content = FilmContent(
            films: (0..<40).map { Movie(itemID: "film \($0)", title: "Film", genres: [genres[$0 % 4]]) }
        ) { _, _, _ in [] }
        let log = try plantedLog(users: 150, perUser: 16)
        var report = try ModelEvaluation(configuration: configuration).run(log)
        let aged = try FoldTrial(configuration, folds: 3).run(log)
        report.staleness = aged.staleness
        report.sections.append(aged.section)
        return report
    }

    private func validated(_ files: [URL]) async throws -> (status: Int32, output: String) {
        let python = try #require(Checkout.python)
        let folder = Checkout.root.appending(path: "Tests/Independent/reports/validate.py").path
        let schema = Checkout.root.appending(path: "docs/evaluation-report.schema.json").path
        return try await runCommand(python.path, [folder, schema] + files.map(\.path))
    }

    /// The JSON twin is what docs/evaluation-report.schema.json says, field by field; and the schema refuses what it isn't.
    @Test(arguments: ["", "\u{301}", "\u{200D}"])
    func whatMeansSomethingInMarkdownIsEscapedWhateverStandsBehindIt(mark: String) {
        let plain = ReportPage.plain("<\(mark)|\(mark)`\(mark) @\(mark)all\r\nb")
        #expect(
            plain.unicodeScalars.elementsEqual("&lt;\(mark)\\|\(mark)\\`\(mark) @\u{200B}\(mark)all b".unicodeScalars))
    }

    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func theJSONIsAsItsSchemaSays() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let trained = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(plantedLog())
            let stored = try #require(try registry.evaluationJSON(of: trained.id))
            let files = try [whole().json(), stored].enumerated().map { place, bytes in
                let file = folder.appending(path: "\(place).json")
                try Data(bytes).write(to: file)
                return file
            }
            let (status, output) = try await validated(files)
            #expect(status == 0, "\(output)")
            let broken = folder.appending(path: "broken.json")
            let text = try String(contentsOf: files[0], encoding: .utf8)
            try Data(text.replacing("\"novelty\"", with: "\"novelties\"").utf8).write(to: broken)
            let (refused, why) = try await validated([broken])
            #expect(refused == 1 && why.contains("novelties"))
        }
    }

    /// The sentence first, then the three plots that it rests on; the same sentence opens the summary.
    @Test func theVerdictComesFirst() throws {
        let report = try whole()
        let html = report.html()
        let heading = try #require(html.firstRange(of: "<h1>"))
        let plot = try #require(html.firstRange(of: "<svg"))
        #expect(heading.lowerBound < plot.lowerBound)
        #expect(report.page.plots.count == 3)
        #expect(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"))
        #expect(report.markdown().hasPrefix("### \(ReportPage.plain(report.verdict))\n"))
        let answer = try #require(report.staleness?.answer)
        #expect(html.contains(MarkupText.escaped(answer)) && report.markdown().contains(ReportPage.plain(answer)))
    }

    /// Models one after another, with what went into service; a comparison of two of them; one page each.
    private func pages(in folder: URL) throws -> [String: ReportPage] {
        let registry = ModelRegistry(folder: folder.appending(path: "models").path)
        var ids: [ModelID] = []
        for seed in 1...3 {
            var configuration = smallConfiguration(rank: 2 + 2 * seed)
            configuration.policy = seed == 2 ? .never : .always
            ids.append(try TrainingRun(configuration: configuration, registry: registry).run(plantedLog(users: 100)).id)
        }
        let history = try QualityHistory(registry)
        #expect(history.entries.count == 3 && history.damaged.isEmpty)
        #expect(history.entries.count { $0.promotedAt != nil } == 2)
        #expect(history.entries.count { $0.isInService } == 1)
        #expect(history.page.plots[0].series[0].points.count { $0.mark == "promoted" } == 2)
        let (first, second) = (try registry.open(ids[0]), try registry.open(ids[2]))
        let comparison = try ModelComparison(ids[0], ids[2], in: registry)
        let difference = comparison.page(ids[0], ids[2], try ModelDifference(first, second))
        #expect(difference.verdict.contains("NDCG@10 differs by"))
        return ["evaluation": try whole().page, "history": history.page, "difference": difference]
    }

    /// In Chromium without a network, at the width of a phone and of a desktop, in light and dark: nothing is asked for, nothing
    /// is wider than the window, axe-core finds nothing. `SCREENSHOTS=DIR` keeps the pictures.
    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/chromium"), "needs Debian's package chromium"),
        .enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func pagesAreReadableEverywhere() async throws {
        try await withTemporaryFolder { folder in
            let files = try pages(in: folder).sorted { $0.key < $1.key }.map { name, page in
                let file = folder.appending(path: "\(name).html")
                try Data(page.html().utf8).write(to: file)
                return file.path
            }
            let script = Checkout.root.appending(path: "Tests/Independent/reports/browser.py").path
            let pictures = ProcessInfo.processInfo.environment["SCREENSHOTS"] ?? folder.path
            let (status, output) = try await runCommand(
                try #require(Checkout.python).path, [script, pictures] + files)
            try #require(status == 0, "\(output)")
            let json = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: [String: Any]]
            let views = try #require(json)
            #expect(views.count == 12)
            for (name, view) in views {
                for kind in ["violations", "requests", "console"] {
                    #expect((view[kind] as? [Any])?.isEmpty == true, "\(name): \(kind): \(view[kind] ?? "")")
                }
                #expect((view["overflow"] as? Int ?? 1) <= 0, "\(name) is wider than the window")
                #expect((view["smallest_text"] as? Double ?? 0) >= 9, "\(name)")
                #expect((view["passed"] as? Int ?? 0) > 10)
            }
        }
    }
}
