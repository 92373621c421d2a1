internal import Domain
internal import HTTPServer
internal import Operations

/// Reads the impressions of one request, as ``EventParser`` reads events.
struct ImpressionParser {
    let now: Timestamp
    /// What the ingester will ask of the same impressions.
    var limits = EventLimits()

    func impressions(of request: HTTPRequest) throws(ServingError) -> [Impression] {
        let records = WireRecords(name: "impression", most: EventParser.maximumEvents) {
            .badImpression(number: $0, reason: $1)
        }
        let wire: [WireImpression] = try records.read(request)
        var impressions: [Impression] = []
        impressions.reserveCapacity(wire.count)
        for (position, one) in wire.enumerated() { impressions.append(try checked(one, number: position + 1)) }
        return impressions
    }

    private func checked(_ wire: WireImpression, number: Int) throws(ServingError) -> Impression {
        func refuse(_ reason: String) -> ServingError { .badImpression(number: number, reason: reason) }
        if let unknown = wire.unknown { throw refuse("there is no field \(unknown)") }
        let texts: [(String, String?, Int)] = [
            (ImpressionField.impressionID, wire.impressionID, Impression.maximumIDLength),
            (ImpressionField.recommendationID, wire.recommendationID, limits.idLength),
            (ImpressionField.userID, wire.userID, limits.idLength),
            (ImpressionField.itemID, wire.itemID, limits.idLength),
            (ImpressionField.modelID, wire.modelID, limits.idLength),
            (ImpressionField.scenario, wire.scenario, limits.idLength),
        ]
        for (name, text, most) in texts {
            guard let text else { continue }
            guard (1...most).contains(text.utf8.count) else { throw refuse("\(name) must have 1 to \(most) bytes") }
            guard !text.hasControlCharacter else { throw refuse("\(name) must not have control characters") }
        }
        guard Impression.positions.contains(wire.position) else {
            throw refuse("position must be \(Impression.positions.lowerBound) to \(Impression.positions.upperBound)")
        }
        if let propensity = wire.propensity, !Impression.propensities.contains(propensity) {
            throw refuse("propensity must be above 0, at least 1e-12, and at most 1")
        }
        var at = now
        if let text = wire.at {
            guard let parsed = Timestamp(text) else {
                throw refuse("at must be an RFC 3339 time such as 2026-11-20T12:00:00Z")
            }
            guard parsed >= limits.earliest, parsed <= limits.latest(now) else {
                throw refuse("at must lie between 1980 and an hour from now")
            }
            at = parsed
        }
        return Impression(
            impressionID: wire.impressionID
                ?? Impression.identifier(
                    recommendationID: wire.recommendationID, position: wire.position, source: Self.source),
            recommendationID: wire.recommendationID, userID: wire.userID, itemID: wire.itemID,
            position: wire.position, modelID: wire.modelID, scenario: wire.scenario, propensity: wire.propensity,
            at: at, source: Self.source)
    }

    private static let source = "rest"
}

/// One impression as sent, with the first field that is none of ours.
private struct WireImpression: WireRecord {
    var impressionID: String?
    var recommendationID: String
    var userID: String?
    var itemID: String
    var position: Int
    var modelID: String?
    var scenario: String?
    var propensity: Double?
    var at: String?
    var unknown: String?

    private static let known = Set([
        ImpressionField.impressionID, ImpressionField.recommendationID, ImpressionField.userID, ImpressionField.itemID,
        ImpressionField.position, ImpressionField.modelID, ImpressionField.scenario, ImpressionField.propensity,
        ImpressionField.at,
    ])

    init(_ members: WireMembers) throws(WireFlaw) {
        impressionID = try members.textIfPresent(ImpressionField.impressionID)
        recommendationID = try members.text(ImpressionField.recommendationID)
        userID = try members.textIfPresent(ImpressionField.userID)
        itemID = try members.text(ImpressionField.itemID)
        position = try members.whole(ImpressionField.position)
        modelID = try members.textIfPresent(ImpressionField.modelID)
        scenario = try members.textIfPresent(ImpressionField.scenario)
        propensity = try members.numberIfPresent(ImpressionField.propensity)
        at = try members.textIfPresent(ImpressionField.at)
        unknown = members.unknown(beside: Self.known)
    }
}
