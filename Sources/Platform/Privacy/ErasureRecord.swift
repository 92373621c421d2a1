public import Domain
internal import Foundation
internal import Operations

/// An erasure as it stands; when it is complete, its receipt.
public struct ErasureRecord: Codable, Sendable, Hashable {
    /// How it stands.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Something is left to do: every run goes on with it.
        case pending
        case complete
    }

    /// What became of one place.
    public struct Step: Codable, Sendable, Hashable {
        /// How one place stands.
        public enum Standing: String, Codable, Sendable, CaseIterable {
            /// Not begun.
            case waiting
            case done
            /// To be tried again.
            case pending
            /// Goes by itself, later.
            case expires
        }

        public var store: String
        public var holds: String
        public var standing = Standing.waiting
        /// Why it is not done.
        public var reason: String?
        /// Records that were there when it was first looked at.
        public var found: Int?
        /// Records that were removed, by all runs that lived to say so.
        public var removed = 0
        /// What was written anew or taken away.
        public var counts: [String: Int] = [:]
        /// When it was last tried.
        public var at: Timestamp?
    }

    public var id: String
    /// The identifier of the person; only until it is complete.
    public var user: String?
    /// A digest of the identifier with the key of the receipts: who knows both can tell whose receipt it is.
    public var subject: String
    public var state = State.pending
    public var requestedAt: Timestamp
    public var requestedBy: String
    public var completedAt: Timestamp?
    /// Since when a legal hold keeps all of it: nothing is removed, and nothing is used either.
    public var heldSince: Timestamp?
    public var steps: [Step]

    private enum CodingKeys: String, CodingKey {
        case id, user, subject, state, steps
        case requestedAt = "requested_at"
        case requestedBy = "requested_by"
        case completedAt = "completed_at"
        case heldSince = "held_since"
    }

    /// As it is stored, signed and printed: one line of JSON with its keys in order.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self))
    }

    init(json: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(json)) }

    init(id: String, user: String, subject: String, by who: String, at: Timestamp, steps: [Step]) {
        self.id = id
        self.user = user
        self.subject = subject
        requestedAt = at
        requestedBy = who
        self.steps = steps
    }
}
