import Domain

/// The fields of one impression as slices of the message they stand in (or of the decoder's scratch memory). A text
/// without a base address is not there.
struct ImpressionFields {
    typealias Text = UnsafeBufferPointer<UInt8>

    static var absent: Text { Text(start: nil, count: 0) }

    var impressionID = absent
    var recommendationID = absent
    var userID = absent
    var itemID = absent
    var modelID = absent
    var scenario = absent
    var source = absent
    var position: Int32 = 0
    /// nil is not known.
    var propensity: Double?
    var at = Timestamp(microseconds: 0)

    /// The rule that one of them breaks, and the name of the field.
    /// - Parameter latest: the latest time an impression may have.
    func check(_ limits: EventLimits, latest: Timestamp) -> (reason: RejectReason, field: StaticString)? {
        guard !impressionID.isEmpty else { return (.emptyID, "impression_id") }
        guard impressionID.count <= Impression.maximumIDLength else { return (.longID, "impression_id") }
        let ids: [(Text, StaticString)] = [(recommendationID, "recommendation_id"), (itemID, "item_id")]
        for (id, name) in ids {
            if let rule = limits.brokenRule(idLength: id.count) { return (RejectReason(rule), name) }
        }
        let optional: [(Text, StaticString)] = [
            (userID, "user_id"), (modelID, "model_id"), (scenario, "scenario"), (source, "source"),
        ]
        for (text, name) in optional where text.baseAddress != nil {
            if let rule = limits.brokenRule(idLength: text.count) { return (RejectReason(rule), name) }
        }
        if let propensity, !Impression.propensities.contains(propensity) { return (.valueOutOfRange, "propensity") }
        guard at >= limits.earliest, at <= latest else { return (.timeOutOfWindow, "at") }
        return nil
    }
}
