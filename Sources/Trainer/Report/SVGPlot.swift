internal import Foundation

/// Small plots as SVG text: no script, no network, readable in light and dark.
enum SVGPlot {
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        /// By point, the ends of the interval.
        var intervals: [(low: Double, high: Double)?] = []
    }

    static let colours = ["#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#a16207", "#475569"]

    /// Markers with interval bars over a numeric axis, joined by lines or not.
    static func lines(
        title: String, x xTitle: String, y yTitle: String, joined: Bool = true, _ series: [Series]
    ) -> String {
        let points = series.flatMap(\.points)
        guard !points.isEmpty else { return "" }
        let ends = series.flatMap { $0.intervals.compactMap { $0 } }
        let xs = points.map(\.x)
        let ys = points.map(\.y) + ends.flatMap { [$0.low, $0.high] }
        let x = Axis(xs.min()!, xs.max()!, from: 64, to: 500, padded: false)
        let y = Axis(
            min(0, ys.min()!) == 0 && ys.min()! < 0.5 * ys.max()! ? 0 : ys.min()!, ys.max()!, from: 230, to: Self.top)
        var svg = frame(title: title, x: xTitle, y: yTitle, yAxis: y, legend: series.map(\.name))
        // The last label may be wider than the margin beside the axis.
        func place(_ tick: Double) -> Double { min(x(tick), 516 - textWidth(label(tick)) / 2) }
        for tick in Self.apart(Set(xs).sorted(), at: place) {
            svg += text(place(tick), 248, label(tick), anchor: "middle")
        }
        for (number, one) in series.enumerated() {
            let colour = colours[number % colours.count]
            let path = one.points.map { "\(decimal(x($0.x))),\(decimal(y($0.y)))" }.joined(separator: " ")
            if joined {
                svg += "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\"\(path)\"/>"
            }
            for (place, point) in one.points.enumerated() {
                if place < one.intervals.count, let ends = one.intervals[place] {
                    svg +=
                        "<line x1=\"\(decimal(x(point.x)))\" x2=\"\(decimal(x(point.x)))\" "
                        + "y1=\"\(decimal(y(ends.low)))\" y2=\"\(decimal(y(ends.high)))\" stroke=\"\(colour)\"/>"
                }
                svg += "<circle cx=\"\(decimal(x(point.x)))\" cy=\"\(decimal(y(point.y)))\" r=\"3\" fill=\"\(colour)\">"
                svg += "<title>\(escaped(one.name)): \(label(point.y))</title></circle>"
            }
        }
        return svg + legend(series.map(\.name)) + "</svg>"
    }

    /// Groups of bars with interval lines.
    static func bars(title: String, y yTitle: String, groups: [String], _ series: [Series]) -> String {
        let tops = series.flatMap { $0.points.map(\.y) + $0.intervals.compactMap { $0?.high } }
        guard !groups.isEmpty, let top = tops.max() else { return "" }
        let y = Axis(0, max(top, 1e-9), from: 230, to: Self.top)
        var svg = frame(title: title, x: "", y: yTitle, yAxis: y, legend: series.map(\.name))
        let slot = 436.0 / Double(groups.count)
        // Names that are wider than their place stand in two rows in turn, and end in an ellipsis beyond that.
        let isCrowded = groups.contains { textWidth($0) + 6 > slot }
        let room = isCrowded ? 2 * slot : slot
        let width = min(30, slot * 0.8 / Double(series.count))
        for (place, group) in groups.enumerated() {
            let centre = 64 + slot * (Double(place) + 0.5)
            let name = clipped(group, to: min(room - 6, 2 * (min(centre, 520 - centre) - 4)))
            svg += text(centre, isCrowded && place % 2 == 1 ? 262 : 248, name, anchor: "middle")
            for (number, one) in series.enumerated() where place < one.points.count {
                let left = centre + (Double(number) - Double(series.count) / 2) * width
                let value = one.points[place].y
                svg +=
                    "<rect x=\"\(decimal(left))\" y=\"\(decimal(y(value)))\" width=\"\(decimal(width - 2))\" "
                    + "height=\"\(decimal(230 - y(value)))\" fill=\"\(colours[number % colours.count])\">"
                    + "<title>\(escaped(one.name)), \(escaped(group)): \(label(value))</title></rect>"
                if place < one.intervals.count, let ends = one.intervals[place] {
                    let middle = decimal(left + width / 2 - 1)
                    svg +=
                        "<line x1=\"\(middle)\" x2=\"\(middle)\" y1=\"\(decimal(y(ends.low)))\" "
                        + "y2=\"\(decimal(y(ends.high)))\" stroke=\"currentColor\"/>"
                }
            }
        }
        return svg + legend(series.map(\.name)) + "</svg>"
    }

    // MARK: Parts

    /// Maps values to pixels.
    private struct Axis {
        let low: Double
        let high: Double
        let from: Double
        let to: Double

        init(_ low: Double, _ high: Double, from: Double, to: Double, padded: Bool = true) {
            let span = high > low ? high - low : max(abs(high), 1)
            self.low = padded && low != 0 ? low - span * 0.05 : (high > low ? low : low - span / 2)
            self.high = padded ? high + span * 0.05 : (high > low ? high : high + span / 2)
            self.from = from
            self.to = to
        }

        func callAsFunction(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }
    }

    /// Above it stand the title and the meaning of the vertical axis.
    private static let top = 48.0

    private static func frame(title: String, x: String, y: String, yAxis: Axis, legend names: [String]) -> String {
        let height = 300 + 16 * max(0, (legendPlaces(names).last?.row ?? 0))
        var svg =
            "<svg viewBox=\"0 0 520 \(height)\" role=\"img\" aria-label=\"\(escaped(title))\" "
            + "xmlns=\"http://www.w3.org/2000/svg\"><style>text{font:11px system-ui,sans-serif;fill:currentColor}</style>"
        svg += "<text x=\"12\" y=\"16\" font-weight=\"bold\">\(escaped(clipped(title, to: 470)))</text>"
        for step in 0...4 {
            let value = yAxis.low + (yAxis.high - yAxis.low) * Double(step) / 4
            let at = decimal(yAxis(value))
            svg += "<line x1=\"64\" x2=\"500\" y1=\"\(at)\" y2=\"\(at)\" stroke=\"currentColor\" opacity=\"0.15\"/>"
            svg += text(58, yAxis(value) + 4, label(value), anchor: "end")
        }
        svg += text(282, 264, x, anchor: "middle")
        return svg + "<text x=\"12\" y=\"30\" opacity=\"0.7\">\(escaped(y))</text>"
    }

    private static func legend(_ names: [String]) -> String {
        var svg = ""
        for (number, place) in legendPlaces(names).enumerated() {
            let y = 278 + 16 * place.row
            svg +=
                "<rect x=\"\(decimal(place.x))\" y=\"\(y)\" width=\"10\" height=\"10\" "
                + "fill=\"\(colours[number % colours.count])\"/>"
            svg += text(place.x + 14, Double(y + 9), clipped(names[number], to: 430), anchor: "start")
        }
        return svg
    }

    /// Beside each other as far as there is room, then in further rows; nothing for a single series.
    private static func legendPlaces(_ names: [String]) -> [(x: Double, row: Int)] {
        guard names.count > 1 else { return [] }
        var places: [(x: Double, row: Int)] = []
        var (left, row) = (64.0, 0)
        for name in names {
            let width = 28 + textWidth(clipped(name, to: 430))
            if left > 64, left + width > 520 { (left, row) = (64, row + 1) }
            places.append((left, row))
            left += width
        }
        return places
    }

    /// As many ticks as have labels that stand apart, the first and the last among them.
    private static func apart(_ ticks: [Double], at position: (Double) -> Double) -> [Double] {
        guard let first = ticks.first, let last = ticks.last, first != last else { return ticks }
        func half(_ tick: Double) -> Double { textWidth(label(tick)) / 2 + 4 }
        var kept = [first]
        for tick in ticks.dropFirst().dropLast()
        where position(tick) - half(tick) >= position(kept[kept.count - 1]) + half(kept[kept.count - 1])
            && position(tick) + half(tick) <= position(last) - half(last)
        {
            kept.append(tick)
        }
        return kept + [last]
    }

    /// About how wide a text is in pixels; on the wide side for the fonts that browsers take.
    static func textWidth(_ text: String) -> Double {
        text.reduce(0) { $0 + ($1.isASCII ? ($1.isUppercase || $1 == "@" ? 8 : 6.5) : 11) }
    }

    private static func clipped(_ text: String, to width: Double) -> String {
        guard textWidth(text) > width else { return text }
        var clipped = ""
        for character in text {
            if textWidth(clipped) + textWidth(String(character)) + 11 > width { break }
            clipped.append(character)
        }
        return clipped + "…"
    }

    private static func text(_ x: Double, _ y: Double, _ content: String, anchor: String) -> String {
        "<text x=\"\(decimal(x))\" y=\"\(decimal(y))\" text-anchor=\"\(anchor)\">\(escaped(content))</text>"
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static func decimal(_ value: Double) -> String { String(format: "%.1f", value) }

    /// Three to four significant digits, without an exponent where it is readable.
    static func label(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
        if value == value.rounded(), abs(value) < 1e6 { return String(format: "%.0f", value) }
        if abs(value) >= 1e6 || abs(value) < 1e-4 { return String(format: "%.2e", value) }
        return abs(value) >= 100 ? String(format: "%.0f", value) : String(format: "%.4g", value)
    }
}
