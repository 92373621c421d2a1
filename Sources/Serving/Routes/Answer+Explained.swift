internal import Domain
internal import HTTPServer

/// Answers about people, scores and reasons.
extension Answer {
    /// Users with scores, best first.
    static func users(
        _ users: [(user: UserIndex, score: Float)], of state: ServingState, userState: UserState?, request: HTTPRequest
    ) -> [UInt8] {
        framed(request, state, userState) {
            $0.name("users")
            $0.array {
                for (position, found) in users.enumerated() {
                    $0.object {
                        $0.field("id", state.model.userID(found.user))
                        $0.field("rank", position + 1)
                        $0.field("score", found.score)
                    }
                }
            }
        }
    }

    static func scores(
        _ items: [(id: String, score: Int32?)], of list: RecommendationList, request: HTTPRequest
    ) -> [UInt8] {
        framed(request, list.state, list.userState, degraded: list.degraded) {
            $0.name("items")
            $0.array {
                for item in items {
                    $0.object {
                        $0.field("id", item.id)
                        $0.name("score")
                        if let score = item.score { $0.value(millionths: score) } else { $0.null() }
                    }
                }
            }
        }
    }

    static func because(
        _ because: Pipeline.Because, item: Int32, of state: ServingState, request: HTTPRequest
    ) -> [UInt8] {
        framed(request, state, because.userState) {
            $0.field("item", state.items.ids[Int(item)])
            $0.field("score", because.score)
            $0.name("contributions")
            $0.array {
                for contribution in because.contributions {
                    $0.object {
                        $0.field("id", state.items.ids[Int(contribution.place)])
                        $0.name("title")
                        if let movie = state.items.movie(at: contribution.place) {
                            $0.value(movie.title)
                        } else {
                            $0.null()
                        }
                        $0.field("part", contribution.part)
                        $0.field("weight", contribution.weight)
                        $0.field("similarity", contribution.similarity)
                    }
                }
            }
            $0.field("rest", because.rest)
            $0.field("text", Wording(state: state).sentence(for: because, item: item))
        }
    }

    static func explanation(
        _ standing: Pipeline.Standing, of state: ServingState, request: HTTPRequest
    ) -> [UInt8] {
        framed(request, state, standing.userState, degraded: standing.degraded) {
            $0.name("score")
            $0.value(millionths: standing.score?.total ?? 0)
            $0.name("rank")
            if let rank = standing.rank { $0.value(rank) } else { $0.null() }
            $0.name("parts")
            $0.array {
                for reason in standing.reasons {
                    $0.object {
                        reason.write(of: state, to: &$0)
                        $0.field("text", Wording(state: state).sentence(for: reason))
                    }
                }
            }
            $0.field("text", standing.detail)
        }
    }

    static func whyNot(_ standing: Pipeline.Standing, of state: ServingState, request: HTTPRequest) -> [UInt8] {
        framed(request, state, standing.userState, degraded: standing.degraded) {
            $0.field("verdict", standing.verdict.rawValue)
            $0.field("detail", standing.detail)
            $0.name("rank")
            if let rank = standing.rank { $0.value(rank) } else { $0.null() }
            $0.name("score")
            if let score = standing.score { $0.value(millionths: score.total) } else { $0.null() }
            $0.name("score_needed")
            if let needed = standing.scoreNeeded { $0.value(millionths: needed) } else { $0.null() }
        }
    }

    /// The answer as it was, under the identifier of the request that asks for it again.
    static func replay(_ kept: KeptAnswers.Kept, request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: kept.body.count + 120)
        json.object {
            $0.field("request_id", request.id)
            $0.field("answered_at", kept.at.description)
            $0.field("replayed", true)
        }
        // Both are objects that begin with request_id, and an identifier has no comma in it.
        guard let comma = kept.body.firstIndex(of: UInt8(ascii: ",")) else { return json.bytes }
        return json.bytes.dropLast() + kept.body[comma...]
    }

    /// What every answer about somebody has.
    private static func framed(
        _ request: HTTPRequest, _ state: ServingState, _ userState: UserState?, degraded: [String] = [],
        _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.field("request_id", request.id)
            $0.name("model")
            $0.value(json: state.modelJSON)
            if let userState { $0.field("user_state", userState.rawValue) }
            $0.field("degraded", degraded)
            members(&$0)
            $0.field("took_ms", milliseconds(since: request.receivedAt))
        }
        return json.bytes
    }
}
