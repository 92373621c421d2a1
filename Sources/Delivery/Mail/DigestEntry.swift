internal import Domain
internal import Foundation

/// A user's newest list as it waits for its digest.
struct DigestEntry: Codable, Sendable {
    struct Item: Codable, Sendable {
        var id: String
        var title: String?
    }

    var user: String
    var model: String
    var at: Timestamp
    /// Best first.
    var items: [Item]

    private enum CodingKeys: String, CodingKey {
        case user = "user_id"
        case model, at, items
    }

    init(_ list: DeliveredList) {
        user = list.userID
        model = list.modelID
        at = list.generatedAt
        items = list.items.map { Item(id: $0.itemID, title: $0.title) }
    }

    /// As it lies in the state.
    var document: [UInt8] { get throws { Array(try JSONEncoder().encode(self)) } }

    init(document: [UInt8]) throws { self = try JSONDecoder().decode(DigestEntry.self, from: Data(document)) }
}
