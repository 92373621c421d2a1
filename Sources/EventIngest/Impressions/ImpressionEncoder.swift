public import Domain

/// Writes the wire form of impressions, which ``ImpressionDecoder`` reads.
public enum ImpressionEncoder {
    /// Appends one impression as a JSON object without spaces. What is not known is left out.
    public static func append(_ impression: Impression, to bytes: inout [UInt8]) {
        var json = JSONWriter(capacity: 320)
        json.object {
            $0.field("impression_id", impression.impressionID)
            $0.field("recommendation_id", impression.recommendationID)
            if let user = impression.userID { $0.field("user_id", user) }
            $0.field("item_id", impression.itemID)
            $0.field("position", impression.position)
            if let model = impression.modelID { $0.field("model_id", model) }
            if let scenario = impression.scenario { $0.field("scenario", scenario) }
            if let propensity = impression.propensity { $0.field("propensity", propensity) }
            $0.field("at", impression.at.description)
            $0.field("source", impression.source)
        }
        bytes.append(contentsOf: json.bytes)
    }
}
