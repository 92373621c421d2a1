public import Domain
internal import Foundation
internal import HTTPClient

/// What the index of users knows of persons: a summary of each, in every generation of the index.
public struct PersonalDocuments: PersonalStore {
    public let declaration = PersonalDeclaration(
        name: "elasticsearch", holds: "a summary of each user: counts, tastes, newest films",
        purpose: "dashboards over the audience", kept: "until the next 'catalog index' makes it anew",
        covers: [SearchIndex.users.name],
        fields: [
            .init("user_id", "whose summary it is"), .init("state", "how much is known"),
            .init("events, liked", "how much they do"), .init("first_event, last_event", "since when, until when"),
            .init("liked_genres, languages, favourite_decade, taste", "what they like"),
            .init("recent_films, recent_titles", "what they did last"),
        ])
    private let client: ElasticsearchClient
    /// One document in each generation, and no more than two generations stay.
    private static let every = "&size=100"

    /// The users of a server; nothing is asked yet.
    public init(_ client: ElasticsearchClient) { self.client = client }

    public func find(_ user: String) async throws -> Int {
        // What was indexed a moment ago is seen by a query only after a refresh.
        try await client.refreshUsers()
        let answer = try await client.users("_count", of: user)
        return answer.integer("count") ?? 0
    }

    public func erase(_ user: String) async throws -> PersonalErasure {
        try await client.refreshUsers()
        // Found and deleted one by one: a server may lack `_delete_by_query`, or a role the right to it.
        let found = try await client.users("_search", of: user, parameters: Self.every + "&_source=false")
        let documents = (found.object("hits")?.objects("hits") ?? []).compactMap { hit in
            hit.text("_index").flatMap { index in hit.text("_id").map { (index: index, id: $0) } }
        }
        try await client.delete(documents)
        let removed = documents.count
        if removed > 0 { try await client.expungeUsers() }
        let left = try await find(user)
        return PersonalErasure(
            left == 0 ? .done : .pending("\(left) documents were being written just then"), removed: removed,
            counts: ["documents_removed": removed])
    }

    public func verify(_ user: String) async throws -> [String] {
        let count = try await find(user)
        return count == 0 ? [] : ["\(count) documents of users"]
    }

    public func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws {
        let answer = try await client.users("_search", of: user, parameters: Self.every)
        for hit in answer.object("hits")?.objects("hits") ?? [] {
            guard let source = hit.object("_source") else { continue }
            let json = try JSONSerialization.data(withJSONObject: source.values, options: .sortedKeys)
            try body([JSONValue(parsing: Array(json))])
        }
    }
}

extension ElasticsearchClient {
    /// Every generation of the index of users; none is no error.
    private func pathOfUsers(_ call: String, _ parameters: String = "") -> String {
        let indices = "\(configuration.index)-\(SearchIndex.users.name)-*"
        return "/\(indices)/\(call)?ignore_unavailable=true&allow_no_indices=true\(parameters)"
    }

    fileprivate func users(_ call: String, of user: String, parameters: String = "") async throws -> JSONObject {
        var body = JSONWriter()
        body.object { body in
            body.field("query") { query in
                query.field("term") { $0.field("user_id", user) }
            }
        }
        return try await send(
            .post, pathOfUsers(call, parameters), body: body, isIdempotent: true,
            deadline: configuration.indexingDeadline)
    }

    fileprivate func refreshUsers() async throws {
        _ = try await send(.post, pathOfUsers("_refresh"), deadline: configuration.indexingDeadline)
    }

    /// Writes segments with deleted documents anew, so that their bytes go.
    fileprivate func expungeUsers() async throws {
        _ = try await send(
            .post, pathOfUsers("_forcemerge", "&only_expunge_deletes=true"), deadline: configuration.indexingDeadline)
    }
}
