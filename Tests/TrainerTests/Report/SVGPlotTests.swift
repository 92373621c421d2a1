import Foundation
import Testing

@testable import Trainer

/// No label of a plot lies over another, whatever the names and values.
@Suite struct SVGPlotTests {
    private struct Box {
        let text: String
        let left: Double
        let right: Double
        let baseline: Double

        func overlaps(_ other: Box) -> Bool {
            left < other.right && other.left < right && abs(baseline - other.baseline) < 11
        }
    }

    private func boxes(_ svg: String) -> [Box] {
        svg.matches(of: /<text ([^>]*)>([^<]+)<\/text>/).compactMap { match in
            let attributes = Dictionary(
                match.1.matches(of: /([a-z-]+)="([^"]*)"/).map { (String($0.1), String($0.2)) },
                uniquingKeysWith: { $1 })
            guard let x = attributes["x"].flatMap(Double.init), let y = attributes["y"].flatMap(Double.init) else {
                return nil
            }
            let text = String(match.2)
            let width = SVGPlot.textWidth(text)
            let left =
                switch attributes["text-anchor"] {
                case "middle": x - width / 2
                case "end": x - width
                default: x
                }
            return Box(text: text, left: left, right: left + width, baseline: y)
        }
    }

    private func expectApart(_ svg: String) {
        let boxes = boxes(svg)
        #expect(boxes.count >= 4)
        for (place, box) in boxes.enumerated() {
            #expect(box.left >= 0 && box.right <= SVGPlot.width, "\(box.text) leaves the plot")
            for other in boxes.dropFirst(place + 1) {
                #expect(!box.overlaps(other), "\(box.text) lies over \(other.text)")
            }
        }
    }

    @Test(arguments: [
        [5.0, 10, 20, 50, 1000], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [0.25, 0.2501, 0.9],
        [1_000_000, 2_000_000, 2_000_001], [7],
    ])
    func ticksStandApart(xs: [Double]) {
        let names = ["model", "popularity", "item neighbours", "a name that is rather long", "m", "n"]
        let series = names.map { name in
            ReportPlot.Series(name: name, points: xs.map { .init($0, $0 / 3 + Double(name.count)) })
        }
        expectApart(
            SVGPlot.svg(.init(.lines, title: "A title", x: "cutoff", y: "NDCG@10 of the users", series: series)))
    }

    @Test(arguments: [1, 3, 5, 8, 12])
    func groupsStandApart(count: Int) {
        let groups = (0..<count).map { "users with \($0 * 100) to \($0 * 100 + 99) events" }
        let series = ["model", "popularity"].map { name in
            ReportPlot.Series(name: name, points: groups.indices.map { .init(0, 0.1 * Double($0 + 1)) })
        }
        expectApart(SVGPlot.svg(.init(.bars, title: "By activity", y: "NDCG@10", groups: groups, series: series)))
    }

    @Test(arguments: [1, 2, 5, 9])
    func rowsOfIntervalsStandApart(count: Int) {
        let groups = (0..<count).map { "in service: 20261128T101112Z-0011223\($0)" }
        let points = groups.indices.map { place in
            ReportPlot.Point(0, 0.2 - 0.1 * Double(place), low: -0.4, high: place % 2 == 0 ? 0.5 : nil)
        }
        let svg = SVGPlot.svg(
            .init(
                .intervals, title: "Against others", y: "relative difference of ndcg@10, 95 % interval",
                yUnit: .percent, groups: groups, series: [.init(name: "model", points: points)]))
        expectApart(svg)
        #expect(count == 1 || svg.contains("(no interval)"))
    }

    @Test func timesAndMarksStandApartToo() {
        let points = (0..<40).map { day in
            ReportPlot.Point(
                1_790_000_000 + Double(day) * 86_400, 0.1, low: 0.05, high: 0.2, mark: day % 9 == 0 ? "promoted" : nil)
        }
        expectApart(
            SVGPlot.svg(
                .init(
                    .lines, title: "History", x: "trained", y: "NDCG@10", xUnit: .time,
                    series: [.init(name: "model", points: points), .init(name: "popular", points: points)])))
    }
}
