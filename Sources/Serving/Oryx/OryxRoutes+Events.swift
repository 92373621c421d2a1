internal import Domain
internal import HTTPServer
internal import Trainer

extension OryxRoutes {
    /// What happened, in Oryx's words.
    var ofEvents: [Route] {
        [
            Route(
                .post, "/oryx/pref/{user}/{item}",
                "As Oryx: takes a preference; the first line of the body is its strength, 1 if there is none.",
                scope: .events, body: Self.lines(isRequired: false), answers: [.nothing(Self.durable)],
                problems: Self.problems
            ) { request, path in
                routes.answering(request) {
                    let line = try Self.lines(of: request).first ?? ""
                    return try take([OryxPreference(user: path[0], item: path[1], strength: line)], request)
                }
            },
            Route(
                .delete, "/oryx/pref/{user}/{item}", "As Oryx: takes a preference back.", scope: .events,
                answers: [.nothing(Self.durable)], problems: Self.problems
            ) { request, path in
                routes.answering(request) {
                    try take([OryxPreference(user: path[0], item: path[1], strength: nil)], request)
                }
            },
            Route(
                .post, "/oryx/ingest", "As Oryx: takes lines of user,item[,strength[,milliseconds]], all or none.",
                scope: .events, body: Self.lines(isRequired: true), answers: [.nothing(Self.durable)],
                problems: Self.problems
            ) { request, _ in
                routes.answering(request) { try ingest(request) }
            },
        ]
    }

    private static let durable = "The broker has it durably."
    private static let problems = [
        ServingError.badEvent(number: nil, reason: ""), .tooManyEvents(limit: 0), .eventsUnavailable,
    ].map { Route.Problem($0) }

    /// Lines, whatever Oryx lets them be called.
    private static func lines(isRequired: Bool) -> Route.Body {
        Route.Body(["text/plain": .text(), "text/csv": .text(), "application/json": .any], isRequired: isRequired)
    }

    private func ingest(_ request: HTTPRequest) throws -> HTTPReply {
        var preferences: [OryxPreference] = []
        for (number, line) in try Self.lines(of: request).enumerated() where !line.isEmpty {
            guard preferences.count < EventParser.maximumEvents else {
                throw ServingError.tooManyEvents(limit: EventParser.maximumEvents)
            }
            preferences.append(try OryxPreference(line: line, number: number + 1))
        }
        return try take(preferences, request)
    }

    /// Waiting for the broker is too long for the connection's thread.
    private func take(_ preferences: [OryxPreference], _ request: HTTPRequest) throws -> HTTPReply {
        guard service.takesEvents else { throw ServingError.eventsUnavailable }
        let state = service.pipeline().state
        let now = Timestamp.now
        let events = try preferences.enumerated().map { try $1.event(number: $0 + 1, now: now, in: state) }
        guard !events.isEmpty else {
            throw ServingError.badEvent(number: nil, reason: "there is no line in the body")
        }
        return .later { [routes, service] in
            await routes.answering(request) {
                try await service.take(events)
                return HTTPResponse(status: 204, contentType: "")
            }
        }
    }

    /// - Throws: ``ServingError/badEvent(number:reason:)`` for bytes that are no text: identifiers would run together.
    private static func lines(of request: HTTPRequest) throws(ServingError) -> [String] {
        var lines: [String] = []
        for line in request.body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badEvent(number: lines.count + 1, reason: "the line is not UTF-8")
            }
            lines.append(text)
        }
        return lines
    }
}

/// A user, an item, and how strongly the one takes to the other.
struct OryxPreference {
    var user: String
    var item: String
    /// As it was sent; empty for 1, nil for a preference that is taken back.
    var strength: String?
    /// In milliseconds since 1970, as it was sent; nil for now.
    var time: String?

    init(user: String, item: String, strength: String?) {
        self.user = user
        self.item = item
        self.strength = strength
    }

    /// `user,item`, `user,item,` (taken back), `user,item,strength` or `user,item,strength,milliseconds`.
    /// - Throws: ``ServingError/badEvent(number:reason:)``
    init(line: String, number: Int) throws(ServingError) {
        guard let cells = Self.cells(line), (2...4).contains(cells.count) else {
            throw .badEvent(number: number, reason: "the line is not user,item[,strength[,milliseconds]]")
        }
        self.init(user: cells[0], item: cells[1], strength: cells.count == 2 ? "" : cells[2])
        if cells.count > 2, cells[2].isEmpty { strength = nil }
        if cells.count == 4 { time = cells[3] }
    }

    /// The event that says it: a thumb up for more than 0, down for less, which also takes back; stars where the model was
    /// trained on stars and they can be some.
    /// - Throws: ``ServingError/badEvent(number:reason:)``
    func event(number: Int, now: Timestamp, in state: ServingState) throws(ServingError) -> Event {
        func refuse(_ reason: String) -> ServingError { .badEvent(number: number, reason: reason) }
        let limits = EventLimits()
        for (name, id) in [("the user", user), ("the item", item)] {
            guard limits.brokenRule(idLength: id.utf8.count) == nil, !id.hasControlCharacter else {
                throw refuse("\(name) must have 1 to \(limits.idLength) bytes and no control characters")
            }
        }
        var value: Float = -1
        if let strength {
            let text = strength.filter { !$0.isWhitespace }
            guard let number = text.isEmpty ? 1 : Float(text), number.isFinite, number != 0 else {
                throw refuse("the strength must be a number other than 0")
            }
            value = number
        }
        var at = now
        if let time {
            guard let milliseconds = Int64(time), milliseconds > 0, milliseconds < 1 << 50 else {
                throw refuse("the time must be in milliseconds since 1970")
            }
            at = Timestamp(microseconds: milliseconds * 1000)
            guard at >= limits.earliest, at <= limits.latest(now) else {
                throw refuse("the time must lie between 1980 and an hour from now")
            }
        }
        let isStars = !state.model.weights.counts(.like) && EventKind.review.accepts(value)
        return Event(
            eventID: "oryx-\(RequestID.next())", userID: user, itemID: item, kind: isStars ? .review : .like,
            value: isStars ? value : value > 0 ? 1 : -1, at: at, source: "oryx")
    }

    /// The cells of a line, in quotes or not (RFC 4180); nil if a quote is left open.
    private static func cells(_ line: String) -> [String]? {
        var cells = [""]
        var isQuoted = false
        var characters = line.makeIterator()
        var next = characters.next()
        while let character = next {
            next = characters.next()
            switch character {
            case "\"" where isQuoted && next == "\"":
                cells[cells.count - 1].append(character)
                next = characters.next()
            case "\"" where isQuoted: isQuoted = false
            case "\"" where cells[cells.count - 1].isEmpty: isQuoted = true
            case "," where !isQuoted: cells.append("")
            default: cells[cells.count - 1].append(character)
            }
        }
        return isQuoted ? nil : cells
    }
}
