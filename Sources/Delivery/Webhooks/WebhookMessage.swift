public import Domain

/// What a receiver gets, whatever it is about: docs/webhooks.md and docs/webhooks.schema.json say the members.
///
///     {"id": "…", "type": "model.promoted", "created_at": "…", "data": {…}}
public struct WebhookMessage: Sendable {
    /// Such as `training.promoted`: what happened to what.
    public let type: String
    public let createdAt: Timestamp
    /// The members of `data`, in braces.
    private let data: [UInt8]

    /// - Parameter members: writes the members of `data`.
    public init(_ type: String, at time: Timestamp = .now, _ members: (inout JSONWriter) -> Void) {
        self.type = type
        createdAt = time
        var json = JSONWriter(capacity: 1024)
        json.object { members(&$0) }
        data = json.bytes
    }

    /// The body for one delivery.
    /// - Parameter id: stays the same however often it is sent.
    public func body(id: String) -> [UInt8] {
        var json = JSONWriter(capacity: data.count + 200)
        json.object { json in
            json.field("id", id)
            json.field("type", type)
            json.field("created_at", createdAt.description)
            json.name("data")
            json.value(json: data)
        }
        return json.bytes
    }
}
