internal import Domain
public import HTTPServer

extension Routes {
    /// How new answers are.
    var ofFreshness: [Route] {
        [
            Route(
                .get, "/v1/freshness", "How new what answers are made from is.", answers: [.json(Shape.freshness)]
            ) { request, _ in
                .now(
                    HTTPResponse(
                        headers: [("Cache-Control", "no-store")],
                        body: Answer.freshness(service.freshness(now: .now), request: request)))
            }
        ]
    }
}

extension RecommendationService {
    /// How new answers are, as `/v1/freshness` says it.
    public var freshnessJSON: [UInt8] { Answer.freshness(freshness(now: .now), request: nil) }

    /// What ``freshnessJSON`` is.
    public static var freshnessSchema: JSONSchema { Shape.freshness }
}

extension Answer {
    static func freshness(_ found: Freshness, request: HTTPRequest?) -> [UInt8] {
        var json = JSONWriter(capacity: 256)
        json.object {
            if let request { $0.field("request_id", request.id) }
            $0.name("event_to_visible_seconds")
            $0.object {
                for (name, value) in [("p50", found.feed?.seconds?.p50), ("p99", found.feed?.seconds?.p99)] {
                    $0.name(text: name)
                    if let value { $0.value(value) } else { $0.null() }
                }
            }
            $0.name("event_lag")
            if let lag = found.feed?.lag { $0.value(Int(lag)) } else { $0.null() }
            $0.field("feed", found.feedState.rawValue)
            $0.field("model_age_seconds", found.modelAge)
            $0.name("data_version")
            if let version = found.dataVersion { $0.value(Int(version)) } else { $0.null() }
            $0.name("index_lag")
            if let lag = found.indexLag { $0.value(lag) } else { $0.null() }
        }
        return json.bytes
    }
}

extension Shape {
    static let freshness = JSONSchema.named(
        "Freshness",
        .object([
            "request_id": requestID,
            "event_to_visible_seconds": JSONSchema.object([
                "p50": .nullable(.number(0...Double.infinity)), "p99": .nullable(.number(0...Double.infinity)),
            ]).meaning(
                "From an event's arrival at the broker until answers know it, of the newest 4,096; null before the first."
            ),
            "event_lag": JSONSchema.nullable(.integer(0...Int.max))
                .meaning("Events at the broker that answers do not know yet; null where no broker says so."),
            "feed": JSONSchema.choice(FeedWord.allCases.map(\.rawValue)).meaning("Whether new events are heard."),
            "model_age_seconds": JSONSchema.number(0...Double.infinity).meaning("Since its training ended."),
            "data_version": JSONSchema.nullable(.integer(0...Int.max))
                .meaning("Of the table of events that the model was trained on."),
            "index_lag": JSONSchema.nullable(.integer(0...Int.max))
                .meaning("Films that the index of content similarity lacks; null while that is not known."),
        ]))
}
