import Domain
import Foundation
import Testing

/// What one event says, wherever it was written.
struct StoredEvent: Hashable {
    var eventID: String
    var userID: String
    var itemID: String
    var kind: String
    var value: Float
    /// RFC 3339 without needless zeros.
    var at: String
    var text: String?
    var source: String

    /// Rows of a table, as `store cat` prints them.
    static func rows(of table: String, in store: String, _ folder: URL) async throws -> [[String: Any]] {
        try await Loop.run(["store", "cat", "\(store)/\(table)"], in: folder).split(separator: "\n")
            .map { try Loop.json(String($0)) }
    }

    init(_ event: Event) {
        self.init(
            eventID: event.eventID, userID: event.userID, itemID: event.itemID, kind: event.kind.name,
            value: event.value, at: event.at.description, text: event.reviewText, source: event.source)
    }

    init(
        eventID: String, userID: String, itemID: String, kind: String, value: Float, at: String, text: String?,
        source: String
    ) {
        self.eventID = eventID
        self.userID = userID
        self.itemID = itemID
        self.kind = kind
        self.value = value
        self.at = at
        self.text = text
        self.source = source
    }

    /// The events of a store, by their identifiers.
    static func all(in store: String, _ folder: URL) async throws -> [StoredEvent] {
        try await rows(of: "events", in: store, folder).map { row in
            func text(_ column: String) throws -> String { try #require(row[column] as? String, "\(column): \(row)") }
            return StoredEvent(
                eventID: try text("event_id"), userID: try text("user_id"), itemID: try text("item_id"),
                kind: try text("kind"), value: Float(try #require(row["value"] as? Double)),
                at: try #require(Timestamp(try text("at"))).description,
                text: row["review_text"] as? String, source: try text("source"))
        }.sorted { $0.eventID < $1.eventID }
    }
}
