import Catalog
import Domain
import Foundation
import Testing

@testable import Serving

/// `content_weight`: how much content similarity counts in one list.
@Suite("Content weight", .timeLimit(.minutes(2))) struct ContentWeightTests {
    private func request(_ weight: Float?, count: Int = 500) -> ListRequest {
        var request = ListRequest()
        request.contentWeight = weight
        request.count = count
        request.explain = .summary
        return request
    }

    @Test(
        "0 leaves content out, 1 orders by it alone, what is between is its share", arguments: 0..<10 as Range<UInt64>)
    func shares(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        for user in random.model.users {
            let profile = UserProfile(of: user, in: random.state, overlay: random.overlay)
            guard !profile.seeds.isEmpty else { continue }
            let page = try ListPage(request(1), of: "users/\(user)")
            let content = try random.pipeline.prepare(profile, page).content
            let similar = try #require(ContentLookup(deadline: .seconds(1)).immediately(content, random.state)).items
            let best = try #require(similar.first?.score)

            let none = try random.personal(user, request(0))
            #expect(none.items.allSatisfy { $0.score.content == 0 && !$0.reasons.contains { $0.source == .content } })
            let without = Pipeline(
                state: random.state, overlay: random.overlay,
                weights: BlendWeights(factors: 0.7, content: 0, popularity: 0.1))
            let page0 = try ListPage(request(nil), of: "users/\(user)")
            #expect(none.places == (try random.list(try without.personal(of: user, page0))).places)

            let alone = try random.personal(user, request(1))
            #expect(alone.items.count == none.items.count)
            #expect(alone.items.allSatisfy { $0.reasons.allSatisfy { $0.source == .content } })
            let found = alone.items.filter { $0.score.total > 0 }
            #expect(found.map(\.place) == similar.map(\.place))
            // What has nothing in common comes last, the most popular first.
            let others = alone.items.dropFirst(found.count).map(\.place)
            #expect(others == random.state.popularity.order.filter { others.contains($0) })

            for weight in [0.2, 0.65] as [Float] {
                let some = try random.personal(user, request(weight))
                for item in some.items {
                    let score = similar.first { $0.place == item.place }?.score ?? 0
                    #expect(abs(Float(item.score.content) / 1e6 - weight * score / best) < 2e-6)
                    #expect(item.reasons.reduce(0) { $0 + $1.part } == item.score.total)
                }
            }
            // The share that content has anyway.
            let usual = try random.personal(user, request(nil))
            #expect(try random.personal(user, request(BlendWeights().content)).places == usual.places)
        }
    }

    @Test("a shorter list by content alone begins a longer one", arguments: ["a-user0", "b-user1", "nobody"])
    func prefixes(_ user: String) throws {
        // More items than any source is asked for.
        let model = try SmallModel(perTaste: 300)
        let catalog = model.catalog
        let state = try ServingState(model: model, catalog: catalog, content: ContentIndex(catalog.movies))
        let pipeline = Pipeline(state: state, overlay: EventOverlay(), weights: nil)
        func places(_ count: Int) throws -> [Int32] {
            let pending = try pipeline.personal(of: user, ListPage(request(1, count: count), of: "users/\(user)"))
            let similar = ContentLookup(deadline: .seconds(1)).immediately(pending.content, state)
            return try pending.finish(try #require(similar), []).places
        }
        let all = try places(500)
        #expect(all.count == 500)
        for count in [1, 20, 150, 350] { #expect(try places(count) == Array(all.prefix(count))) }
        if user == "nobody" { #expect(all == Array(state.popularity.order.prefix(500))) }
    }

    @Test("why-not ranks by content alone as the list does")
    func whyNot() throws {
        let random = try RandomState(seed: 5)
        let all = try random.personal("a-user0", request(1)).places
        let page = try ListPage(request(1, count: 3), of: "users/a-user0")
        let lookup = ContentLookup(deadline: .seconds(1))
        for (position, place) in all.enumerated() {
            let (content, finish) = try random.pipeline.standing(of: place, for: "a-user0", page)
            #expect(finish(try #require(lookup.immediately(content, random.state))).rank == position + 1)
        }
    }

    @Test("over HTTP: by GET, by POST, in explanations, and part of what a cursor belongs to")
    func overHTTP() async throws {
        try await withService { service in
            let path = "/v1/users/a-user0/recommendations"
            let usual = try await service.get("\(path)?n=9&explain=summary")
            for weight in ["0", "0.5", "1"] {
                let list = try await service.get("\(path)?n=9&explain=summary&content_weight=\(weight)")
                #expect(list.status == 200 && list.ids.count == 9)
                let body = #"{"n":9,"explain":"summary","content_weight":\#(weight)}"#
                let posted = try await service.post("\(path)/query", body, type: "application/json")
                #expect(posted.ids == list.ids)
                let sources = list.items.flatMap { $0["reasons"] as? [[String: Any]] ?? [] }
                    .compactMap { $0["source"] as? String }
                if weight == "0" { #expect(!sources.isEmpty && !sources.contains("content")) }
                if weight == "1" { #expect(!sources.isEmpty && sources.allSatisfy { $0 == "content" }) }

                let explained = try await service.get(
                    "/v1/users/a-user0/items/\(list.ids[0])/explanation?content_weight=\(weight)")
                #expect(explained.json["score"] as? Double == list.items[0]["score"] as? Double)
            }
            let null = try await service.post(
                "\(path)/query", #"{"n":9,"content_weight":null}"#, type: "application/json")
            #expect(null.ids == usual.ids)

            let first = try await service.get("\(path)?n=4&content_weight=1")
            let cursor = try #require(first.json["next_cursor"] as? String)
            let second = try await service.get("\(path)?n=4&content_weight=1&cursor=\(cursor)")
            #expect(first.ids + second.ids == (try await service.get("\(path)?n=8&content_weight=1")).ids)
            for other in ["", "&content_weight=0.9"] {
                let answer = try await service.get("\(path)?n=4&cursor=\(cursor)\(other)")
                #expect(answer.status == 400 && answer.json["code"] as? String == "cursor-of-another-list")
            }
            for (posted, body) in [
                ("/v1/recommendations/anonymous", #"{"items":["a3"],"content_weight":1}"#),
                ("\(path)/with-context", #"{"items":["b3"],"content_weight":1}"#),
                ("/v1/recommendations/group", #"{"users":["a-user0","b-user0"],"content_weight":1}"#),
            ] {
                let list = try await service.post(
                    posted, body.dropLast() + #","explain":"summary"}"#, type: "application/json")
                let sources = list.items.flatMap { $0["reasons"] as? [[String: Any]] ?? [] }
                    .compactMap { $0["source"] as? String }
                #expect(list.status == 200 && sources.allSatisfy { $0 == "content" } && sources.contains("content"))
            }
        }
    }
}
