internal import Domain
internal import HTTPServer

/// Writes finished lists as JSON, by hand: this is what the service does most.
enum Answer {
    /// The answer to a recommendation, as docs/rest-api.md has it.
    static func json(
        _ list: RecommendationList, id: String, fields: [ItemField], scenario: String? = nil, request: HTTPRequest
    ) -> [UInt8] {
        let state = list.state
        var json = JSONWriter(capacity: 400 + list.items.count * (fields.isEmpty ? 60 : 200))
        json.object {
            $0.field("request_id", request.id)
            $0.field("recommendation_id", id)
            if let scenario { $0.field("scenario", scenario) }
            $0.name("model")
            $0.value(json: state.modelJSON)
            if let user = list.userState { $0.field("user_state", user.rawValue) }
            $0.field("degraded", list.degraded)
            $0.name("items")
            if let shared = list.shared, fields.isEmpty {
                $0.value(
                    json: shared.json {
                        var json = JSONWriter(capacity: list.items.count * 60)
                        write(list.items, of: list, fields: [], to: &json)
                        return json.bytes
                    })
            } else {
                write(list.items, of: list, fields: fields, to: &$0)
            }
            $0.name("next_cursor")
            if let cursor = list.nextCursor { $0.value(cursor) } else { $0.null() }
            // Last, so that it covers the writing of all before it.
            $0.field("took_ms", milliseconds(since: request.receivedAt))
        }
        return json.bytes
    }

    /// The items of a list, in order.
    static func write(
        _ items: [RecommendedItem], of list: RecommendationList, fields: [ItemField], to json: inout JSONWriter
    ) {
        let state = list.state
        let isShort = list.explain == .none && fields.isEmpty
        json.array {
            for (position, item) in items.enumerated() {
                if isShort {
                    write(item, at: list.itemsBefore + position + 1, of: state, to: &$0)
                    continue
                }
                $0.object {
                    $0.field("id", state.items.ids[Int(item.place)])
                    $0.field("rank", list.itemsBefore + position + 1)
                    $0.name("score")
                    $0.value(millionths: item.score.total)
                    if let probability = item.probability {
                        $0.name("probability")
                        $0.value(millionths: BlendedScore.millionths(probability))
                    }
                    if list.explain != .none { write(item, of: list, to: &$0) }
                    if !fields.isEmpty {
                        $0.name("fields")
                        write(fields, of: state.items.movie(at: item.place), to: &$0)
                    }
                }
            }
        }
    }

    /// An item of which no more is asked than which it is, where it stands and what it scores: what most lists are of.
    private static func write(
        _ item: RecommendedItem, at rank: Int, of state: ServingState, to json: inout JSONWriter
    ) {
        let id = state.items.texts.quoted(item.place)
        // The names and signs are 40 bytes, a rank at most 20 and each number in millionths 12.
        json.value(upTo: id.count + 96) {
            $0.text("{\"id\":")
            $0.json(id)
            $0.text(",\"rank\":")
            $0.number(rank)
            $0.text(",\"score\":")
            $0.number(millionths: item.score.total)
            if let probability = item.probability {
                $0.text(",\"probability\":")
                $0.number(millionths: BlendedScore.millionths(probability))
            }
            $0.text("}")
        }
    }

    /// One item with everything that is known of it.
    static func item(_ place: Int32, of state: ServingState) -> [UInt8] {
        var json = JSONWriter()
        item(
            state.items.ids[Int(place)], state.items.movie(at: place), in: state, fields: ItemField.allCases, to: &json)
        return json.bytes
    }

    /// The same of a film that was written just now, whatever the state has by now.
    static func item(_ movie: Movie, in state: ServingState) -> [UInt8] {
        var json = JSONWriter()
        item(movie.itemID, movie, in: state, fields: ItemField.allCases, to: &json)
        return json.bytes
    }

    private static func item(
        _ id: String, _ movie: Movie?, in state: ServingState, fields: [ItemField], to json: inout JSONWriter
    ) {
        json.object {
            $0.field("id", id)
            $0.field("in_catalogue", movie != nil)
            $0.field("in_model", state.isTrained(on: id))
            for field in fields { field.write(movie, to: &$0) }
        }
    }

    /// A page of the catalogue.
    static func catalogue(_ page: CataloguePage, fields: [ItemField], request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: 100 + page.films.count * 400)
        json.object {
            $0.field("request_id", request.id)
            $0.name("items")
            $0.array { json in
                for film in page.films {
                    item(
                        film.itemID, film, in: page.state, fields: fields.isEmpty ? ItemField.allCases : fields,
                        to: &json)
                }
            }
            $0.field("total", page.total)
            $0.name("next_cursor")
            if let cursor = page.nextCursor { $0.value(cursor) } else { $0.null() }
        }
        return json.bytes
    }

    /// How many films a request has changed.
    static func edited(taken: Int, withdrawn: Int, request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.field("request_id", request.id)
            $0.field("taken", taken)
            $0.field("withdrawn", withdrawn)
        }
        return json.bytes
    }

    /// The events that were taken, with the identifiers of those that had none.
    static func accepted(_ events: [Event], waitedFor: String, request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: 64 + events.count * 24)
        json.object {
            $0.field("request_id", request.id)
            $0.field("accepted", events.count)
            $0.field("event_ids", events.map(\.eventID))
            $0.field("waited_for", waitedFor)
        }
        return json.bytes
    }

    static func accepted(_ impressions: [Impression], request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: 64 + impressions.count * 32)
        json.object {
            $0.field("request_id", request.id)
            $0.field("accepted", impressions.count)
            $0.field("impression_ids", impressions.map(\.impressionID))
        }
        return json.bytes
    }

    static func events(_ events: [Event], request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: 64 + events.count * 160)
        json.object {
            $0.field("request_id", request.id)
            $0.name("events")
            $0.array {
                for event in events {
                    $0.object {
                        $0.field("event_id", event.eventID)
                        $0.field("item_id", event.itemID)
                        $0.field("kind", event.kind.name)
                        $0.field("value", event.value)
                        $0.field("at", "\(event.at)")
                        $0.field("source", event.source)
                    }
                }
            }
        }
        return json.bytes
    }

    /// The titles alone, for clients that want no more.
    static func titles(_ list: RecommendationList) -> [UInt8] {
        var json = JSONWriter()
        json.array {
            for item in list.items {
                $0.value(list.state.items.movie(at: item.place)?.title ?? list.state.items.ids[Int(item.place)])
            }
        }
        return json.bytes
    }

    private static func write(_ item: RecommendedItem, of list: RecommendationList, to json: inout JSONWriter) {
        json.name("reasons")
        json.array {
            for reason in item.reasons {
                $0.object {
                    reason.write(of: list.state, to: &$0)
                    if list.explain == .full { $0.field("text", Wording(state: list.state).sentence(for: reason)) }
                }
            }
        }
    }

    private static func write(_ fields: [ItemField], of movie: Movie?, to json: inout JSONWriter) {
        json.object { for field in fields { field.write(movie, to: &$0) } }
    }

    /// In thousandths: the clock says no more.
    static func milliseconds(since start: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
