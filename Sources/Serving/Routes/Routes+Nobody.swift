internal import Domain
internal import HTTPServer

extension Routes {
    /// Lists that are the same for everybody.
    var ofNobody: [Route] {
        plain("/v1/items/latest", "The newest films that are out, newest first.") { try $0.latest($1) }
            + plain(
                "/v1/items/representative", "Popular films of all kinds, for somebody new to choose from."
            ) { try $0.representative($1) }
            + list(
                "/v1/items/popular", "The items most liked, best first.", and: [Self.window, Self.segment]
            ) { call in
                guard let window = try Self.window(of: call) else {
                    return try answer(call.request, call.list, of: "popular", parts: [.model, .catalogue]) {
                        Pipeline.Pending(try $0.popular($1))
                    }
                }
                return try trend(call, .users, window)
            }
            + list(
                "/v1/items/trending", "The items that more and more people like, best first.",
                and: [Self.window, Self.segment]
            ) { call in try trend(call, .decayed, try Self.window(of: call) ?? EventTrends.Window()) }
    }

    private func plain(
        _ pattern: String, _ summary: String,
        _ make: @escaping @Sendable (Pipeline, ListPage) throws -> RecommendationList
    ) -> [Route] {
        list(pattern, summary) { call in
            try answer(call.request, call.list, of: pattern, parts: [.model, .catalogue]) { pipeline, page in
                Pipeline.Pending(heavy: { try make(pipeline, page) })
            }
        }
    }

    private func trend(
        _ call: ListCall, _ measure: EventTrends.Measure, _ window: EventTrends.Window
    ) throws -> HTTPReply {
        let trends = service.trends
        let identity = "trend/\(measure)/\(window.duration)/\(window.segment.map { "\($0)" } ?? "")"
        return try answer(call.request, call.list, of: identity, parts: [.model, .catalogue, .events]) {
            pipeline, page in
            Pipeline.Pending(heavy: {
                try pipeline.ordered(
                    trends.ranking(measure, window, in: pipeline.state), page,
                    rule: measure == .decayed ? "trending" : nil)
            })
        }
    }

    // MARK: Windows and segments

    private static let window = Route.Parameter(
        "window",
        .text(
            bytes: 2...7,
            pattern:
                "^([1-9][0-9]{0,4}m|[1-9][0-9]{0,2}h|[1-9][0-9]?d|[12][0-9]{2}d|3[0-5][0-9]d|36[0-6]d|[1-9]w|[1-4][0-9]w|5[0-2]w)$"
        ),
        "How far back from the newest event, such as 90m, 24h, 7d or 4w; 7d if only segment is given.")
    private static let segment = Route.Parameter(
        "segment", .text(bytes: 3...256, pattern: "^(known|new|genre:.+)$"),
        "Whose events count: known, new, or genre:NAME for who likes that genre most.")

    /// nil if neither window nor segment was asked for.
    private static func window(of call: ListCall) throws(ServingError) -> EventTrends.Window? {
        let (duration, segment) = (call.other("window"), call.other("segment"))
        if duration == nil, segment == nil { return nil }
        var window = EventTrends.Window()
        if let duration { window.duration = try duration.span() }
        if let segment { window.segment = try segment.segment() }
        return window
    }
}

extension ParameterValue {
    /// A whole number of minutes, hours, days or weeks, up to a year.
    fileprivate func span() throws(ServingError) -> Duration {
        let allowed = "a whole number with m, h, d or w, such as 7d, from 1m to 366d"
        let text = try text(allowed)
        let units: [Character: Int] = ["m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400]
        let digits = text.dropLast()
        guard let unit = text.last.flatMap({ units[$0] }), (1...6).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits),
            (1...366 * 86_400 / unit).contains(number)
        else { throw refused(allowed) }
        return .seconds(number * unit)
    }

    fileprivate func segment() throws(ServingError) -> EventTrends.Segment {
        let allowed = "known, new, or genre: with the name of one"
        let text = try text(allowed)
        switch text {
        case "known": return .known
        case "new": return .new
        default:
            guard text.hasPrefix("genre:"), text.utf8.count > 6, text.utf8.count <= 256 else { throw refused(allowed) }
            return .genre(String(text.dropFirst(6)))
        }
    }
}
