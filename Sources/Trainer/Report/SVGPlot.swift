internal import Domain
internal import Foundation

/// Draws a ``ReportPlot`` as SVG text: no script, no network. Colours are classes of the page's style sheet, which has
/// those of light and dark. As wide as a phone, so that letters keep their size there.
enum SVGPlot {
    static let width = 360.0
    /// The first series stands out; more than these repeat.
    static let colourCount = 6

    private static let left = 50.0
    private static let right = 346.0
    /// Above it stands the meaning of the vertical axis.
    private static let top = 28.0
    private static let bottom = 190.0

    /// Empty if there is nothing to draw.
    static func svg(_ plot: ReportPlot) -> String {
        switch plot.kind {
        case .lines: curves(plot, joined: true)
        case .points: curves(plot, joined: false)
        case .bars: bars(plot)
        case .intervals: intervals(plot)
        }
    }

    private static func curves(_ plot: ReportPlot, joined: Bool) -> String {
        let series = plot.series.map { one in
            ReportPlot.Series(name: one.name, points: one.points.filter { $0.x.isFinite && $0.y.isFinite })
        }
        let points = series.flatMap(\.points)
        guard !points.isEmpty else { return "" }
        let xs = points.map(\.x)
        let ys = values(points)
        let x = Axis(xs.min()!, xs.max()!, from: left + 6, to: right, padded: false)
        let isFromZero = ys.min()! >= 0 && ys.min()! < 0.5 * ys.max()!
        let y = Axis(isFromZero ? 0 : ys.min()!, ys.max()!, from: bottom, to: top)
        let marks = Set(points.compactMap(\.mark)).sorted()
        var svg = frame(plot, yAxis: y, names: series.map(\.name), marks)
        // The last label may be wider than the margin beside the axis.
        func place(_ tick: Double) -> Double {
            let half = textWidth(label(tick, plot.xUnit)) / 2
            return max(min(x(tick), width - 2 - half), 2 + half)
        }
        for tick in apart(Set(xs).sorted(), plot.xUnit, at: place) {
            svg += text(place(tick), bottom + 16, label(tick, plot.xUnit), anchor: "middle")
        }
        // The first series is drawn last, over the others.
        for (number, one) in series.enumerated().reversed() {
            let path = one.points.map { "\(decimal(x($0.x))),\(decimal(y($0.y)))" }.joined(separator: " ")
            if joined, one.points.count > 1 {
                svg += "<polyline class=\"line \(colour(number))\" points=\"\(path)\"/>"
            }
            for point in one.points {
                let (cx, cy) = (decimal(x(point.x)), decimal(y(point.y)))
                if let low = point.low, let high = point.high {
                    svg +=
                        "<line class=\"\(colour(number))\" x1=\"\(cx)\" x2=\"\(cx)\" y1=\"\(decimal(y(low)))\" "
                        + "y2=\"\(decimal(y(high)))\"/>"
                }
                if point.mark != nil { svg += "<circle class=\"ring\" cx=\"\(cx)\" cy=\"\(cy)\" r=\"7\"/>" }
                svg +=
                    "<circle class=\"fill \(colour(number))\" cx=\"\(cx)\" cy=\"\(cy)\" r=\"\(number == 0 ? "4" : "3")\">"
                    + "<title>\(MarkupText.escaped(spoken(one.name, point, plot)))</title></circle>"
            }
        }
        return svg + "</svg>"
    }

    private static func bars(_ plot: ReportPlot) -> String {
        let tops = values(plot.series.flatMap(\.points))
        guard !plot.groups.isEmpty, let greatest = tops.max() else { return "" }
        let y = Axis(min(0, tops.min()!), max(greatest, 1e-9), from: bottom, to: top)
        let slot = (right - left) / Double(plot.groups.count)
        // Names that are wider than their place stand in two rows in turn, and end in an ellipsis beyond that.
        let isCrowded = plot.groups.contains { textWidth($0) + 6 > slot }
        let room = isCrowded ? 2 * slot : slot
        var svg = frame(plot, yAxis: y, names: plot.series.map(\.name), [], labelRows: isCrowded ? 2 : 1)
        let bar = min(30, slot * 0.8 / Double(max(plot.series.count, 1)))
        let zero = y(0)
        for (place, group) in plot.groups.enumerated() {
            let centre = left + slot * (Double(place) + 0.5)
            let name = clipped(group, to: min(room - 6, 2 * (min(centre, width - centre) - 2)))
            svg += text(centre, bottom + (isCrowded && place % 2 == 1 ? 30 : 16), name, anchor: "middle")
            for (number, one) in plot.series.enumerated() where place < one.points.count {
                let point = one.points[place]
                guard point.y.isFinite else { continue }
                let start = centre + (Double(number) - Double(plot.series.count) / 2) * bar
                svg +=
                    "<rect class=\"fill \(colour(number))\" x=\"\(decimal(start))\" y=\"\(decimal(min(y(point.y), zero)))\" "
                    + "width=\"\(decimal(max(bar - 2, 1)))\" height=\"\(decimal(abs(zero - y(point.y))))\">"
                    + "<title>\(MarkupText.escaped(spoken("\(one.name), \(group)", point, plot)))</title></rect>"
                if let low = point.low, let high = point.high {
                    let middle = decimal(start + bar / 2 - 1)
                    svg +=
                        "<line class=\"ink\" x1=\"\(middle)\" x2=\"\(middle)\" "
                        + "y1=\"\(decimal(y(low)))\" y2=\"\(decimal(y(high)))\"/>"
                }
            }
        }
        return svg + "</svg>"
    }

    /// One row a group: its name, its value in words, and below them the interval beside zero.
    private static func intervals(_ plot: ReportPlot) -> String {
        let rows = zip(plot.groups, plot.series.first?.points ?? []).filter { $0.1.y.isFinite }
        guard !rows.isEmpty else { return "" }
        let ends = values(rows.map(\.1)) + [0]
        let x = Axis(ends.min()!, ends.max()!, from: 14, to: width - 14)
        let height = 26 + 40 * Double(rows.count) + 24
        var svg = opening(plot, height: height)
        svg += text(2, 13, clipped(plot.y, to: width - 4), anchor: "start", isQuiet: true)
        let foot = height - 22
        svg += text(
            max(12, min(x(0), width - 12)), foot + 14, label(0, plot.yUnit), anchor: "middle", isQuiet: true)
        for (place, (name, point)) in rows.enumerated() {
            let line = 26 + 40 * Double(place)
            let words = spoken("", point, plot)
            svg += text(width - 2, line + 11, words, anchor: "end")
            svg += text(2, line + 11, clipped(name, to: width - 12 - textWidth(words)), anchor: "start")
            let middle = decimal(line + 24)
            // In pieces, so that it crosses no word.
            svg +=
                "<line class=\"ink\" x1=\"\(decimal(x(0)))\" x2=\"\(decimal(x(0)))\" y1=\"\(decimal(line + 15))\" "
                + "y2=\"\(decimal(line + 33))\"/>"
            if let low = point.low, let high = point.high {
                svg +=
                    "<line class=\"wide c0\" x1=\"\(decimal(x(low)))\" x2=\"\(decimal(x(high)))\" y1=\"\(middle)\" "
                    + "y2=\"\(middle)\"/>"
            }
            svg += "<circle class=\"fill c0\" cx=\"\(decimal(x(point.y)))\" cy=\"\(middle)\" r=\"5\"/>"
        }
        return svg + "</svg>"
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

    /// All that an axis must reach.
    private static func values(_ points: [ReportPlot.Point]) -> [Double] {
        points.flatMap { [$0.y, $0.low ?? $0.y, $0.high ?? $0.y] }.filter(\.isFinite)
    }

    private static func opening(_ plot: ReportPlot, height: Double) -> String {
        "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"\(MarkupText.escaped(description(plot)))\">"
    }

    private static func frame(
        _ plot: ReportPlot, yAxis: Axis, names: [String], _ marks: [String], labelRows: Double = 1
    ) -> String {
        let foot = bottom + 6 + 14 * labelRows + (plot.x.isEmpty ? 0 : 16)
        let places = legendPlaces(names, marks)
        let hasLegend = !places.isEmpty
        let rows = Double(places.last?.row ?? 0)
        var svg = opening(plot, height: foot + 8 + (hasLegend ? 6 + 17 * (rows + 1) : 0))
        for value in roundValues(from: yAxis.low, to: yAxis.high) {
            let at = decimal(yAxis(value))
            svg += "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(at)\" y2=\"\(at)\"/>"
            svg += text(left - 6, yAxis(value) + 4, label(value, plot.yUnit), anchor: "end")
        }
        svg += text((left + right) / 2, foot, clipped(plot.x, to: 290), anchor: "middle", isQuiet: true)
        svg += text(2, 13, clipped(plot.y, to: width - 4), anchor: "start", isQuiet: true)
        for (number, place) in places.enumerated() {
            let y = foot + 16 + 17 * Double(place.row)
            if number < names.count {
                svg +=
                    "<rect class=\"fill \(colour(number))\" x=\"\(decimal(place.x))\" y=\"\(decimal(y - 1))\" width=\"10\" "
                    + "height=\"10\"/>"
            } else {
                svg += "<circle class=\"ring\" cx=\"\(decimal(place.x + 5))\" cy=\"\(decimal(y + 4))\" r=\"5\"/>"
            }
            svg += text(place.x + 14, y + 8, clipped((names + marks)[number], to: 290), anchor: "start")
        }
        return svg
    }

    /// Beside each other as far as there is room, then in further rows; nothing for a single series without marks.
    private static func legendPlaces(_ names: [String], _ marks: [String]) -> [(x: Double, row: Int)] {
        guard names.count + marks.count > 1 else { return [] }
        var places: [(x: Double, row: Int)] = []
        var (x, row) = (8.0, 0)
        for name in names + marks {
            let needed = 30 + textWidth(clipped(name, to: 290))
            if x > 8, x + needed > width { (x, row) = (8, row + 1) }
            places.append((x, row))
            x += needed
        }
        return places
    }

    /// As many ticks as have labels that stand apart, the first and the last among them.
    private static func apart(
        _ ticks: [Double], _ unit: ReportPlot.Unit, at position: (Double) -> Double
    ) -> [Double] {
        guard let first = ticks.first, let last = ticks.last, first != last else { return ticks }
        func half(_ tick: Double) -> Double { textWidth(label(tick, unit)) / 2 + 4 }
        var kept = [first]
        for tick in ticks.dropFirst().dropLast()
        where position(tick) - half(tick) >= position(kept[kept.count - 1]) + half(kept[kept.count - 1])
            && position(tick) + half(tick) <= position(last) - half(last)
        {
            kept.append(tick)
        }
        // Two that are nearer to each other than their labels are wide.
        let isClose = kept.count == 1 && position(last) - half(last) < position(first) + half(first)
        return isClose ? kept : kept + [last]
    }

    /// Four to eight multiples of 1, 2 or 5 times a power of ten.
    private static func roundValues(from low: Double, to high: Double) -> [Double] {
        let span = high - low
        guard span > 0, span.isFinite else { return [low] }
        let power = pow(10, floor(log10(span / 4)))
        let step = [5.0, 2, 1].map { $0 * power }.first { span / $0 >= 4 } ?? power
        var values: [Double] = []
        var multiple = ceil(low / step - 1e-9)
        while multiple * step <= high + step * 1e-9, values.count < 12 {
            values.append(multiple * step)
            multiple += 1
        }
        return values.isEmpty ? [low, high] : values
    }

    // MARK: Words

    /// For those who do not see it: what it shows, and each series' first and last value.
    private static func description(_ plot: ReportPlot) -> String {
        var parts = [plot.title]
        for one in plot.series.prefix(colourCount) {
            guard let first = one.points.first, let last = one.points.last else { continue }
            if plot.kind == .intervals {
                parts += zip(plot.groups, one.points).map { "\($0.0): \(spoken("", $0.1, plot))" }
            } else if one.points.count == 1 {
                parts.append("\(one.name): \(label(first.y, plot.yUnit))")
            } else {
                parts.append("\(one.name): from \(label(first.y, plot.yUnit)) to \(label(last.y, plot.yUnit))")
            }
        }
        return parts.joined(separator: ". ")
    }

    private static func spoken(_ name: String, _ point: ReportPlot.Point, _ plot: ReportPlot) -> String {
        var text = name.isEmpty ? "" : "\(name): "
        let isDifference = plot.kind == .intervals
        func label(_ value: Double) -> String {
            (isDifference && value > 0 ? "+" : "") + Self.label(value, plot.yUnit)
        }
        text += label(point.y)
        if let low = point.low, let high = point.high {
            text += " (\(label(low)) to \(label(high)))"
        } else if isDifference {
            text += " (no interval)"
        }
        return text + (point.mark.map { ", \($0)" } ?? "")
    }

    private static func colour(_ number: Int) -> String { "c\(number % colourCount)" }

    /// About how wide a text is in pixels; on the wide side for the fonts that browsers take.
    static func textWidth(_ text: String) -> Double {
        text.reduce(0) { $0 + ($1.isASCII ? ($1.isUppercase || $1 == "@" || $1 == "%" ? 8.5 : 6.5) : 11) }
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

    private static func text(
        _ x: Double, _ y: Double, _ content: String, anchor: String, isQuiet: Bool = false
    ) -> String {
        guard !content.isEmpty else { return "" }
        return "<text \(isQuiet ? "class=\"quiet\" " : "")x=\"\(decimal(x))\" y=\"\(decimal(y))\" "
            + "text-anchor=\"\(anchor)\">\(MarkupText.escaped(content))</text>"
    }

    private static func decimal(_ value: Double) -> String { String(format: "%.1f", value) }

    static func label(_ value: Double, _ unit: ReportPlot.Unit) -> String {
        switch unit {
        case .number: return label(value)
        case .percent:
            let percent = value * 100
            return
                (abs(percent) >= 9.95 || percent == 0
                ? String(format: "%.0f", percent) : String(format: "%.1f", percent)) + " %"
        case .time:
            guard abs(value) < 1e11 else { return label(value) }
            return Timestamp(seconds: Int64(value)).date.description
        }
    }

    /// Three to four significant digits, without an exponent where it is readable.
    static func label(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return value == 0 ? "0" : "–" }
        if value == value.rounded(), abs(value) < 1e6 { return String(format: "%.0f", value) }
        if abs(value) >= 1e6 || abs(value) < 1e-4 { return String(format: "%.1e", value) }
        return abs(value) >= 100 ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
