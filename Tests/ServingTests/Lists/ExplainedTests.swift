import Domain
import Foundation
import Linalg
import Testing

@testable import Serving

/// What is said of a score adds up to it, and agrees with the list.
@Suite(.timeLimit(.minutes(2))) struct ExplainedTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func becausePartsAndRestAreTheScore(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        // With newer events the row is solved by the same equations: then nothing is left over.
        for user in random.model.users + ["stranger"] {
            random.overlay.receive((0..<3).map { .like(user, "a\($0 * 5)", at: 5_000 + Int64($0)) })
        }
        for user in random.model.users + ["stranger", "nobody"] {
            for place in [0, 7, 25, 39, 40] as [Int32] {
                for count in [1, 3, 100] {
                    let because = try random.pipeline.because(user: user, item: place, count: count)
                    let sum = because.contributions.reduce(because.rest) { $0 + $1.part }
                    #expect(abs(sum - because.score) < 1e-4)
                    #expect(because.contributions.count <= count)
                    if count == 100 { #expect(abs(because.rest) < 1e-4 * max(1, abs(because.score))) }
                    let parts = because.contributions.map { abs($0.part) }
                    #expect(parts == parts.sorted(by: >))
                }
            }
        }
    }

    /// Scored with the model's own row, which is only nearly the solution: the rest takes what differs.
    @Test func becauseIsTheScoreOfTheListForWhomTheModelKnows() throws {
        let random = try RandomState(seed: 3)
        let because = try random.pipeline.because(user: "a-user0", item: 5, count: 2)
        let row = random.model.itemFactors.row(5)
        let score = zip(row, random.model.userFactors[0]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(because.score - score) < 1e-5)
        #expect(abs(because.contributions.reduce(because.rest) { $0 + $1.part } - because.score) < 1e-9)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func whyNotAgreesWithTheList(_ seed: UInt64) throws {
        let random = try RandomState(seed: seed)
        var choice = SeededGenerator(seed: seed, stream: 3)
        let lookup = ContentLookup(deadline: .seconds(1))
        for user in random.model.users + ["nobody"] {
            let request = random.randomRequest(&choice)
            let page = try ListPage(request, of: "users/\(user)")
            let list = try random.list(try random.pipeline.personal(of: user, page))
            let profile = UserProfile(of: user, in: random.state, overlay: random.overlay)
            for place in 0..<Int32(random.state.items.count) {
                let (content, finish) = try random.pipeline.standing(of: place, for: user, page)
                let standing = finish(try #require(lookup.immediately(content, random.state)))
                let position = list.places.firstIndex(of: place)
                #expect((standing.verdict == .listed) == (position != nil))
                if let position {
                    #expect(standing.rank == position + 1 && standing.score == list.items[position].score)
                }
                #expect(standing.reasons.reduce(0) { $0 + $1.part } == standing.score?.total)
                let id = random.state.items.ids[Int(place)]
                let isExcluded = request.excludedIDs.contains(id)
                let isSeen = request.excludeSeen == .interacted && profile.seen.contains(place)
                switch standing.verdict {
                case .excluded: #expect(isExcluded)
                case .seen: #expect(isSeen && !isExcluded)
                case .rule:
                    #expect(
                        random.state.hidden.contains(place) || standing.score!.total < request.minimumScore ?? 0)
                case .outranked:
                    #expect(!isExcluded && !isSeen && !random.state.hidden.contains(place))
                    // Without a rank where no source has proposed it: CandidateDepthTests.
                    #expect(standing.rank.map { $0 > list.items.count } ?? (place >= random.model.itemCount))
                    if request.diversity == 0, request.exploration == 0 {
                        #expect(standing.score!.total <= standing.scoreNeeded!)
                    }
                case .filtered: #expect(!random.isTrue(request.filter!, of: place))
                case .listed: break
                case .unknown: Issue.record("\(standing)")
                }
                #expect(!standing.detail.isEmpty)
            }
        }
    }

    @Test(arguments: ["a-user0", "nobody"]) func rankIsThatOfALongerList(_ user: String) throws {
        let random = try RandomState(seed: 5)
        let all = try random.everything(user)
        var request = ListRequest()
        request.count = 3
        let page = try ListPage(request, of: "users/\(user)")
        let lookup = ContentLookup(deadline: .seconds(1))
        for (position, item) in all.enumerated() {
            let (content, finish) = try random.pipeline.standing(of: item.place, for: user, page)
            #expect(finish(try #require(lookup.immediately(content, random.state))).rank == position + 1)
        }
    }

    @Test func overHTTPWithWordsBesideTheNumbers() async throws {
        try await withService { service in
            let list = try await service.get("/v1/users/a-user0/recommendations?n=5&explain=full")
            let reasons = try #require(list.items[0]["reasons"] as? [[String: Any]])
            #expect(reasons.allSatisfy { ($0["text"] as? String)?.hasSuffix(".") == true })

            let because = try await service.get("/v1/users/a-user0/items/a5/because?n=2")
            let contributions = try #require(because.json["contributions"] as? [[String: Any]])
            #expect(contributions.count <= 2)
            for contribution in contributions {
                #expect(Set(contribution.keys) == ["id", "title", "part", "weight", "similarity"])
            }
            let rest = try #require(because.json["rest"] as? Double)
            let score = try #require(because.json["score"] as? Double)
            #expect(abs(contributions.reduce(rest) { $0 + ($1["part"] as? Double ?? 0) } - score) < 1e-4)

            let best = list.ids[0]
            let explanation = try await service.get("/v1/users/a-user0/items/\(best)/explanation?n=5")
            #expect(explanation.json["rank"] as? Int == 1)
            #expect(explanation.json["score"] as? Double == list.items[0]["score"] as? Double)
            let parts = explanation.json["parts"] as? [[String: Any]] ?? []
            let sum = parts.reduce(0) { $0 + Int((($1["part"] as? Double ?? 0) * 1e6).rounded()) }
            #expect(sum == Int(((explanation.json["score"] as? Double ?? -1) * 1e6).rounded()))

            for (item, verdict) in [(best, "listed"), ("a0", "seen"), ("b3", "outranked"), ("nothing", "unknown")] {
                let answer = try await service.get("/v1/users/a-user0/items/\(item)/why-not?n=5")
                #expect(answer.status == 200 && answer.json["verdict"] as? String == verdict)
            }
            let excluded = try await service.get("/v1/users/a-user0/items/\(best)/why-not?n=5&exclude_ids=\(best)")
            #expect(excluded.json["verdict"] as? String == "excluded")
            for path in ["because", "explanation"] {
                #expect(try await service.get("/v1/users/a-user0/items/nothing/\(path)").status == 404)
            }
        }
    }

    @Test func aListIsShownAgainAsItWasAnswered() async throws {
        try await withService { service in
            let list = try await service.get("/v1/users/a-user0/recommendations?n=3&scenario=home")
            let id = try #require(list.json["recommendation_id"] as? String)
            let again = try await service.get("/v1/recommendations/\(id)")
            #expect(again.ids == list.ids && again.json["replayed"] as? Bool == true)
            #expect(again.json["scenario"] as? String == "home")
            #expect(Timestamp(again.json["answered_at"] as? String ?? "") != nil)
            #expect(again.json["request_id"] as? String == again.header("X-Request-Id"))
            let missing = try await service.get("/v1/recommendations/nothing")
            #expect(missing.status == 404 && missing.json["code"] as? String == "recommendation-not-found")
        }
        try await withService(adjust: { $0.answerLifetime = .zero }) { service in
            let list = try await service.get("/v1/users/a-user0/recommendations?n=3")
            let id = try #require(list.json["recommendation_id"] as? String)
            #expect(try await service.get("/v1/recommendations/\(id)").status == 404)
        }
    }

    @Test func answersAreKeptForSoLongAndSoManyBytes() {
        let kept = KeptAnswers(lifetime: .seconds(60), maximumBytes: 100_000)
        let start = Timestamp(seconds: 1000)
        for number in 0..<5000 {
            kept.keep([UInt8](repeating: 1, count: 800), as: "\(number)", at: start)
        }
        #expect(kept.answer("4999", now: start) != nil && kept.answer("4950", now: start) != nil)
        #expect(kept.answer("0", now: start) == nil && kept.answer("4800", now: start) == nil)
        #expect(kept.answer("4999", now: start.advanced(bySeconds: 61)) == nil)
        // Memory forgets a batch when all of it is too old.
        let roomy = KeptAnswers(lifetime: .seconds(60), maximumBytes: 1 << 20)
        for number in 0..<400 { roomy.keep([UInt8](repeating: 1, count: 800), as: "\(number)", at: start) }
        #expect(roomy.answer("0", now: start) != nil)
        roomy.keep([1], as: "late", at: start.advanced(bySeconds: 61))
        #expect(roomy.answer("0", now: start) == nil && roomy.answer("399", now: start) != nil)
    }
}
