internal import Domain
internal import Foundation

/// A mail as it lies in the outbox: what it says and to whom, in JSON, so that a person can be taken out of it until it
/// leaves. Its bytes are made of it for each attempt, the same each time.
struct DigestMail: Codable, Sendable {
    struct Body: Codable, Sendable {
        /// Whose own digest it is; nil for an operator's.
        var user: String?
        var lists: [DigestEntry]
        /// How many users more there were than are shown.
        var more: Int

        private enum CodingKeys: String, CodingKey {
            case user = "user_id"
            case lists, more
        }
    }

    /// Names the mail for ever: by it a second one is known.
    var id: String
    var at: Timestamp
    var from: String
    var to: String
    /// How to get no more of them.
    var unsubscribe: String
    var data: Body

    var document: [UInt8] { get throws { Array(try JSONEncoder().encode(self)) } }

    init(id: String, at: Timestamp, from: MailAddress, to: MailAddress, unsubscribe: String, data: Body) {
        (self.id, self.at, self.from, self.to) = (id, at, from.text, to.text)
        (self.unsubscribe, self.data) = (unsubscribe, data)
    }

    init(document: [UInt8]) throws { self = try JSONDecoder().decode(DigestMail.self, from: Data(document)) }

    /// The mail itself, with sender and receiver for the envelope.
    func message() throws(DeliveryError) -> MailMessage {
        let text =
            data.user == nil
            ? DigestText(toOperator: data.lists, more: data.more, unsubscribe: unsubscribe)
            : DigestText(toUserOf: data.lists, unsubscribe: unsubscribe)
        return MailMessage(
            from: try MailAddress(from), to: try MailAddress(to), subject: text.subject, date: at, id: id,
            text: text.text, html: text.html, unsubscribe: unsubscribe)
    }
}
