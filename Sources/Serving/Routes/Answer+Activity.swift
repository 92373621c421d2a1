internal import Domain
internal import HTTPServer

extension Answer {
    static func activity(_ activity: ItemActivity, request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.object {
            $0.field("request_id", request.id)
            $0.field("events", activity.events)
            $0.name("by_hour")
            $0.array { for count in activity.byHour { $0.value(count) } }
            $0.name("ratings")
            $0.array {
                for (index, count) in activity.byHalfStars.enumerated() {
                    $0.object {
                        $0.field("stars", Double(index + 1) / 2)
                        $0.field("count", count)
                    }
                }
            }
        }
        return json.bytes
    }
}

extension Shape {
    static let activity = JSONSchema.named(
        "Activity",
        .object([
            "request_id": requestID,
            "events": JSONSchema.integer(0...Int.max).meaning("Stored events of the item."),
            "by_hour": JSONSchema.list(.integer(0...Int.max), count: 24...24).meaning("By hour of the day, UTC."),
            "ratings": JSONSchema.list(
                .object(["stars": .number(0.5...5), "count": .integer(0...Int.max)]), count: 10...10
            ).meaning("Reviews by stars."),
        ]))
}
