import Domain
import Foundation
import Linalg
import Testing

@testable import Serving

/// Lists of users: around a user, and around an item.
@Suite(.timeLimit(.minutes(2))) struct SimilarUserTests {
    @Test func theUsersAroundAUserAndAnItem() async throws {
        let random = try RandomState(seed: 8)
        try await withService(models: SmallModels(random.model)) { service in
            let answer = try await service.get("/v1/users/a-user0/similar?n=3")
            let users = try #require(answer.json["users"] as? [[String: Any]])
            func length(_ v: [Float]) -> Float { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            let me = random.model.userFactors[0]
            let cosines = zip(random.model.users, random.model.userFactors).dropFirst().map { id, row in
                (id: id, cosine: zip(me, row).reduce(0) { $0 + $1.0 * $1.1 } / length(me) / length(row))
            }.filter { $0.cosine > 0 }.sorted { $0.cosine > $1.cosine }
            #expect(users.compactMap { $0["id"] as? String } == cosines.prefix(3).map(\.id))
            #expect(try await service.get("/v1/users/nobody/similar").json["users"] as? [String] == [])

            let audience = try await service.get("/v1/items/a4/users?n=500")
            let ids = (audience.json["users"] as? [[String: Any]])?.compactMap { $0["id"] as? String } ?? []
            let item = random.model.itemFactors.row(4)
            let expected = random.model.users.indices
                .filter { user in !random.model.histories[user].contains { $0.0 == 4 } }
                .sorted { a, b in
                    func score(_ user: Int) -> Float {
                        zip(item, random.model.userFactors[user]).reduce(0) { $0 + $1.0 * $1.1 }
                    }
                    return score(a) > score(b)
                }.map { random.model.users[$0] }
            #expect(ids == expected)
            let everybody = try await service.get("/v1/items/a4/users?n=500&exclude_seen=none")
            #expect((everybody.json["users"] as? [Any])?.count == random.model.users.count)
            #expect(try await service.get("/v1/items/nothing/users").status == 404)
        }
    }

    /// Who is not to be named takes nobody's place: as many come back as were asked for, if there are.
    @Test(arguments: [1, 2, 3, 5])
    func whoIsMaskedIsReplacedByTheNext(_ count: Int) async throws {
        let random = try RandomState(seed: 8)
        func ids(_ path: String, _ choices: any PersonalChoices) async throws -> [String] {
            try await withService(models: SmallModels(random.model), choices: choices) { service in
                let users = try await service.get(path).json["users"] as? [[String: Any]] ?? []
                #expect(users.compactMap { $0["rank"] as? Int } == Array(1..<users.count + 1))
                return users.compactMap { $0["id"] as? String }
            }
        }
        for path in ["/v1/users/a-user0/similar", "/v1/items/a4/users"] {
            let everybody = try await ids(path + "?n=500", NoObjections())
            #expect(everybody.count > 1)
            // One after the other, and all of them.
            for masked in everybody.map({ [$0] }) + [everybody] {
                let left = everybody.filter { !masked.contains($0) }
                let found = try await ids(path + "?n=\(count)", Masked(users: Set(masked)))
                #expect(found == Array(left.prefix(count)), "\(path) without \(masked)")
            }
        }
    }

    /// Some users' data is being erased.
    private struct Masked: PersonalChoices {
        let users: Set<String>
        let revision = 0
        func choice(of user: String) -> PersonalChoice {
            users.contains(user) ? PersonalChoice(objections: [], isBeingErased: true) : .everything
        }
    }
}
