/// Puts pseudonyms in the place of users' identifiers, before anything is written down.
///
/// The same identifier gets the same pseudonym as long as the key is the same; without the key nobody tells one from the
/// other. Quick: it is asked for each event and each request.
public protocol Pseudonymiser: Sendable {
    /// Tells one key from another, and nothing else of it.
    var keyID: String { get }
    /// What stands for a user.
    func pseudonym(of user: String) -> String
    /// What stands for the identifier of an event or an impression of a user: the same, unless it names the user.
    func identifier(_ id: String, of user: String) -> String
}

extension Event {
    /// The event with pseudonyms.
    public func pseudonymised(by keys: any Pseudonymiser) -> Event {
        var event = self
        event.eventID = keys.identifier(eventID, of: userID)
        event.userID = keys.pseudonym(of: userID)
        return event
    }
}
