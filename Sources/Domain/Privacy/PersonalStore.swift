/// A place that keeps something about persons, as whoever answers for them asks it.
///
/// Each room that keeps such a thing has one of these for it; Platform gathers them. What is found, handed out, removed and
/// looked for again is all that belongs to one user identifier.
///
/// The calls may take minutes, and may be made again after a crash at any instant: erasing what is erased does nothing.
public protocol PersonalStore: Sendable {
    /// What it keeps, and why.
    var declaration: PersonalDeclaration { get }

    /// How many records it has of a person.
    func find(_ user: String) async throws -> Int

    /// Hands out every record that it has of a person, in parts that fit into memory.
    func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws

    /// Removes what it has of a person, every copy of it.
    func erase(_ user: String) async throws -> PersonalErasure

    /// Looks at every byte for what is left of a person.
    /// - Returns: where something is, in words without the identifier; empty if there is nothing.
    func verify(_ user: String) async throws -> [String]
}

extension PersonalStore {
    /// Hands nothing out: for places that have nothing but copies of what another one hands out.
    public func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws {}
}

/// What a place keeps about persons: a line of the record of processing (GDPR, Art. 30).
public struct PersonalDeclaration: Sendable, Hashable {
    /// Short and unique, such as `events`.
    public var name: String
    /// What it is, in half a sentence.
    public var holds: String
    /// What it is for, in half a sentence.
    public var purpose: String
    /// How long it is kept unless somebody says otherwise, in half a sentence.
    public var kept: String
    /// The tables, files or indexes it answers for, as their owner names them.
    public var covers: [String]
    /// What each kept field is needed for.
    public var fields: [Field]

    /// One field.
    public struct Field: Sendable, Hashable {
        public var name: String
        /// What it is needed for, in a few words.
        public var purpose: String

        /// A field and what it is needed for.
        public init(_ name: String, _ purpose: String) {
            self.name = name
            self.purpose = purpose
        }
    }

    public init(
        name: String, holds: String, purpose: String, kept: String, covers: [String], fields: [Field] = []
    ) {
        self.name = name
        self.holds = holds
        self.purpose = purpose
        self.kept = kept
        self.covers = covers
        self.fields = fields
    }
}

/// What an erasure did to one place.
public struct PersonalErasure: Sendable, Hashable {
    /// How it stands with one place.
    public enum Standing: Hashable, Sendable {
        /// Nothing of the person is there.
        case done
        /// Something may be, and trying again later will help.
        case pending(String)
        /// What is there cannot be removed one person at a time, and goes by itself.
        case expires(String)
    }

    public var standing: Standing
    /// Records that were removed.
    public var removed: Int
    /// What was written anew or taken away, by a name such as `files_rewritten`.
    public var counts: [String: Int]

    /// What was done, and how it stands now.
    public init(_ standing: Standing = .done, removed: Int = 0, counts: [String: Int] = [:]) {
        self.standing = standing
        self.removed = removed
        self.counts = counts
    }
}
