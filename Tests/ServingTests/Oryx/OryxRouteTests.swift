import Domain
import Foundation
import HTTPServer
import Linalg
import Synchronization
import Testing

@testable import Serving

/// `/oryx/…` answers as Oryx 2 does, from the same pipeline as the other routes.
@Suite struct OryxRouteTests {
    private let json = "application/json"
    /// What `a-user0` had to do with.
    private let past = ["a0", "a1", "a10", "b19"]

    private func rows(_ answer: RunningService.Answer) throws -> [(id: String, value: Double)] {
        let array = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [[String: Any]])
        return try array.map { (try #require($0["id"] as? String), try #require($0["value"] as? Double)) }
    }

    private func ids(_ answer: RunningService.Answer) throws -> [String] {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String])
    }

    private func numbers(_ answer: RunningService.Answer) throws -> [Double] {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [Double])
    }

    @Test func recommendationsAreThoseOfTheOtherRoutes() async throws {
        try await withService { service in
            let own = try await service.get("/v1/users/a-user0/recommendations?n=12").ids
            let all = try rows(await service.get("/oryx/recommend/a-user0?howMany=12", accept: json))
            #expect(all.map(\.id) == own)
            #expect(all.map(\.value) == all.map(\.value).sorted(by: >))
            let part = try rows(await service.get("/oryx/recommend/a-user0?howMany=5&offset=7", accept: json))
            #expect(part.map(\.id) == Array(own.suffix(5)))
            #expect(try rows(await service.get("/oryx/recommend/a-user0", accept: json)).count == 10)
            #expect(!all.map(\.id).contains { past.contains($0) })
            let known = try rows(
                await service.get("/oryx/recommend/a-user0?howMany=41&considerKnownItems=true", accept: json))
            #expect(Set(known.map(\.id)).isSuperset(of: past) && known.count == 41)
            #expect(try await service.get("/oryx/recommend/nobody").status == 404)
        }
    }

    @Test func theFormFollowsAcceptAndIsLinesWithoutOne() async throws {
        try await withService { service in
            let plain = try await service.get("/oryx/recommend/a-user0?howMany=2")
            #expect(plain.header("Content-Type") == "text/plain; charset=utf-8")
            let lines = plain.text.split(separator: "\n").map { $0.split(separator: ",") }
            let expected = try rows(await service.get("/oryx/recommend/a-user0?howMany=2", accept: json))
            #expect(lines.map { String($0[0]) } == expected.map(\.id))
            #expect(lines.map { Double($0[1]) } == expected.map(\.value))
            for (accept, type) in [
                ("text/csv", "text/csv; charset=utf-8"), ("*/*", "text/plain; charset=utf-8"),
                ("application/*", "application/json"),
                ("text/html, application/json;q=0.9, */*;q=0.1", "application/json"),
                ("text/csv;q=0.5, application/json;q=0.4", "text/csv; charset=utf-8"),
            ] {
                let answer = try await service.get("/oryx/knownItems/a-user0", accept: accept)
                #expect(answer.status == 200 && answer.header("Content-Type") == type, "\(accept)")
            }
            #expect(try await service.get("/oryx/knownItems/a-user0", accept: "image/png").status == 406)
        }
    }

    @Test func severalUsersShareOneListWithoutWhatAnyOfThemKnows() async throws {
        try await withService { service in
            let many = try rows(
                await service.get("/oryx/recommendToMany/a-user0/b-user0?howMany=41", accept: json)
            ).map(\.id)
            let known = Set(past + ["b0", "b1", "b10", "a19"])
            #expect(Set(many).isDisjoint(with: known) && many.count == 41 - known.count)
            // Tastes of both are near the top.
            #expect(Set(many.prefix(6).map(\.first)) == ["a", "b"])
            let one = try rows(await service.get("/oryx/recommendToMany/a-user0?howMany=7", accept: json)).map(\.id)
            #expect(try one == rows(await service.get("/oryx/recommend/a-user0?howMany=7", accept: json)).map(\.id))
            #expect(try await service.get("/oryx/recommendToMany/a-user0/nobody").status == 404)
            #expect(try await service.get("/oryx/recommendToMany/").status == 404)
        }
    }

    @Test func strangersAreKnownByTheItemsOfThePath() async throws {
        try await withService { service in
            let list = try rows(await service.get("/oryx/recommendToAnonymous/a3/a4=0.5/ghost?howMany=8", accept: json))
            #expect(list.map(\.id).allSatisfy { $0.hasPrefix("a") || $0 == "new/ä" })
            #expect(Set(list.map(\.id)).isDisjoint(with: ["a3", "a4"]))
            #expect(try await service.get("/oryx/recommendToAnonymous/ghost").status == 400)
            #expect(try await service.get("/oryx/recommendToAnonymous/a3=much").status == 400)
            let estimate = try await service.get("/oryx/estimateForAnonymous/a5/a3/a4", accept: json)
            let other = try await service.get("/oryx/estimateForAnonymous/b5/a3/a4")
            let liked = try #require(Double(estimate.text))
            let disliked = try #require(Double(other.text.dropLast()))
            #expect(liked > disliked)
            #expect(try await service.get("/oryx/estimateForAnonymous/ghost/a3").status == 404)
        }
    }

    @Test func aContextMovesAListAndIsNotKept() async throws {
        try await withService { service in
            let before = try await service.get("/oryx/recommend/a-user0?howMany=30", accept: json).text
            #expect(
                try await service.get("/oryx/recommendWithContext/a-user0?howMany=30", accept: json).text == before)
            let moved = try rows(
                await service.get("/oryx/recommendWithContext/a-user0/b2/b3/b4/b5?howMany=30", accept: json))
            #expect(Set(moved.map(\.id)).isDisjoint(with: past + ["b2", "b3", "b4", "b5"]))
            #expect(moved.map(\.id).firstIndex { $0.hasPrefix("b") } ?? 99 < 6)
            let known = try rows(
                await service.get(
                    "/oryx/recommendWithContext/a-user0/b2?howMany=41&considerKnownItems=true", accept: json))
            #expect(known.count == 40 && !known.map(\.id).contains("b2"))
            #expect(try await service.get("/oryx/recommend/a-user0?howMany=30", accept: json).text == before)
            #expect(try await service.get("/oryx/recommendWithContext/nobody/a1").status == 404)
        }
    }

    @Test func similaritiesAreCosinesOfTheFactors() async throws {
        let model = try SmallModel()
        func cosine(_ a: Int, _ b: Int) -> Double {
            let (x, y) = (model.itemFactors.row(a), model.itemFactors.row(b))
            let product = zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            func length(_ v: [Float]) -> Double { v.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
            return product / (length(x) * length(y))
        }
        try await withService { service in
            let values = try numbers(await service.get("/oryx/similarityToItem/a2/a3/ghost/b4", accept: json))
            let expected = [cosine(2, 3), 0, cosine(2, 24)]
            for (value, expected) in zip(values, expected) { #expect(abs(value - expected) < 1e-6) }
            #expect(values.count == 3)
            #expect(try await service.get("/oryx/similarityToItem/ghost/a3").status == 404)
            let similar = try rows(await service.get("/oryx/similarity/a2/a3?howMany=3&offset=1", accept: json))
            let own = try await service.get(
                "/v1/items/similar", method: "POST",
                body: Array(#"{"items":["a2","a3"],"method":"cf","n":4}"#.utf8), type: json
            ).ids
            #expect(similar.map(\.id) == Array(own.dropFirst()))
            #expect(try await service.get("/oryx/similarity/a2/ghost").status == 404)
        }
    }

    @Test func estimatesAndThePastGoByTheUsersVector() async throws {
        let model = try SmallModel()
        func product(_ item: Int) -> Double { Double(model.itemFactors.dot(row: item, [0.9, 0.1])) }
        try await withService { service in
            let values = try numbers(await service.get("/oryx/estimate/a-user0/a2/ghost/b4", accept: json))
            for (value, expected) in zip(values, [product(2), 0, product(24)]) { #expect(abs(value - expected) < 1e-6) }
            #expect(try await service.get("/oryx/estimate/nobody/a2").status == 404)
            let surprising = try rows(await service.get("/oryx/mostSurprising/a-user0", accept: json))
            #expect(surprising.map(\.id) == ["b19", "a10", "a1", "a0"])
            let because = try rows(await service.get("/oryx/because/a-user0/b3?howMany=2", accept: json))
            #expect(because.count == 2 && because[0].id == "b19")
            #expect(try ids(await service.get("/oryx/knownItems/a-user0", accept: json)).sorted() == past.sorted())
            #expect(try ids(await service.get("/oryx/knownItems/nobody", accept: json)) == [])
        }
    }

    @Test func theModelAsAWholeIsListed() async throws {
        try await withService { service in
            #expect(try ids(await service.get("/oryx/user/allIDs", accept: json)).count == 6)
            #expect(try ids(await service.get("/oryx/item/allIDs", accept: json)).count == 40)
            let popular = try await service.get("/oryx/mostPopularItems?howMany=2")
            #expect(popular.text == "a0,3\na10,3\n")
            #expect(try await service.get("/oryx/mostActiveUsers?howMany=2&offset=1").text == "a-user1,4\na-user2,4\n")
            #expect(try await service.get("/oryx/popularRepresentativeItems").text == "a0\nb0\n")
            #expect(try await service.get("/oryx/ready").status == 200)
            #expect(try await service.get("/oryx/ready", method: "HEAD").status == 200)
        }
    }

    @Test(arguments: [
        "howMany=0", "howMany=x", "offset=-1", "howMany=100000&offset=1", "considerKnownItems=maybe",
        "rescorerParams=x",
        "howMany=9999999999999999999",
    ])
    func parametersOutOfRangeAreRefused(query: String) async throws {
        try await withService { service in
            let answer = try await service.get("/oryx/recommend/a-user0?\(query)")
            #expect(answer.status == 400 && answer.header("Content-Type") == "application/problem+json")
        }
    }

    private final class Taken: EventPublisher {
        let events = Mutex<[Event]>([])
        func publish(_ events: [Event]) async throws { self.events.withLock { $0 += events } }
    }

    @Test func preferencesAndLinesBecomeEvents() async throws {
        let taken = Taken()
        try await withService(publisher: taken) { service in
            #expect(try await service.get("/oryx/pref/u/a1", method: "POST", body: []).status == 204)
            #expect(try await service.post("/oryx/pref/u/a2", "-2.5\nmore", type: "text/plain").status == 204)
            #expect(try await service.get("/oryx/pref/u/a1", method: "DELETE").status == 204)
            let lines = "u,a3\n\"v,w\",a4,0.5\r\nu,a5,\nu,a6,1,1700000000000\n"
            #expect(try await service.post("/oryx/ingest", lines, type: "text/csv").status == 204)
            let events = taken.events.withLock { $0 }
            #expect(
                events.map { "\($0.userID) \($0.itemID) \($0.kind.name) \($0.value)" } == [
                    "u a1 like 1.0", "u a2 like -1.0", "u a1 like -1.0", "u a3 like 1.0", "v,w a4 like 1.0",
                    "u a5 like -1.0", "u a6 like 1.0",
                ])
            #expect(events.last?.at == Timestamp(seconds: 1_700_000_000))
            #expect(Set(events.map(\.eventID)).count == events.count)
            // They count at once.
            let known = try ids(await service.get("/oryx/knownItems/u", accept: json))
            #expect(Set(known) == ["a1", "a2", "a3", "a5", "a6"])
        }
    }

    @Test(arguments: [
        "u", "u,a,much", "u,a,nan", "u,a,0", "u,a,1,yesterday", "u,a,1,-5", ",a", "u,\"a", "u,a,1,2,3", "",
        "u,a\nu,,1",
    ])
    func nothingOfABadBodyIsTaken(lines: String) async throws {
        let taken = Taken()
        try await withService(publisher: taken) { service in
            let answer = try await service.post("/oryx/ingest", lines, type: "text/plain")
            #expect(answer.status == 400 && taken.events.withLock(\.isEmpty))
            #expect(try await service.post("/oryx/ingest", "u,a", type: "multipart/form-data").status == 415)
        }
        try await withService { service in
            let answer = try await service.post("/oryx/ingest", "u,a", type: "text/plain")
            #expect(answer.status == 503)
        }
    }
}
