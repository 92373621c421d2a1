internal import Domain
internal import Operations

/// What the folder of `--state` knows of persons: choices under a digest, and the identifier of an erasure under way.
struct PersonalState: PersonalStore {
    static let name = "state"
    let declaration = PersonalDeclaration(
        name: Self.name,
        holds:
            "choices and their history under a keyed digest, who is being erased, legal holds, messages on their way, "
            + "addresses of those who asked for mail, and the audit log",
        purpose: "honouring choices and holds, and proving it; telling of new lists",
        kept:
            "until the person is erased; addresses until they want no more mail; messages until a thousand later ones are delivered; the audit log for ever",
        covers: [
            "consents", "suppressions", "removals", "holds", "audit", "outbox", "digest_lists", "mail_subscriptions",
        ],
        fields: [
            .init("consents", "what somebody allows, since when, and who wrote it down"),
            .init("suppressions", "whose data is used for nothing while they are being erased"),
            .init("removals", "of whom an erasure has begun to remove something, so that no hold can begin"),
            .init("holds", "whose data must be kept for a legal claim, since when and why; until it is released"),
            .init("audit", "who changed what; identifiers of users are not written there"),
            .init("outbox", "new lists on their way by webhook and mail, and the last that arrived"),
            .init("digest_lists", "each user's newest list, for the next digest by mail"),
            .init("mail_subscriptions", "where users who asked for it get their digest by mail, and since when"),
            .init("answers", "lists as they were answered, by a random name: no identifier of a user"),
            .init("privacy/open", "the identifier of a user until their erasure is complete"),
        ])
    private let register: PersonalRegister
    private let messages: PersonalMessages
    private let holds: LegalHolds
    private let state: StateDatabase
    private let folder: LocalStorage

    init(_ state: StateDatabase) {
        register = PersonalRegister(state)
        messages = PersonalMessages(state)
        holds = LegalHolds(state)
        self.state = state
        folder = LocalStorage(state.folder)
    }

    func find(_ user: String) async throws -> Int {
        try await BlockingWork.run("privacy") { [register, messages, holds] _ in
            let held = try holds.hold(of: user) == nil ? 0 : 1
            return try register.history(of: user).count + messages.all(about: user).count + held
        }
    }

    /// The choices go with the last step of an erasure: until then they are in force.
    func erase(_ user: String) async throws -> PersonalErasure {
        try await BlockingWork.run("privacy") { [register, messages] _ in
            PersonalErasure(removed: try register.history(of: user).count + messages.remove(about: user))
        }
    }

    func verify(_ user: String) async throws -> [String] {
        try await BlockingWork.run("privacy") { [register, messages, holds, folder, state] _ in
            var found = try register.history(of: user).isEmpty ? [] : ["choices"]
            if try !messages.all(about: user).isEmpty { found.append("messages") }
            if try holds.hold(of: user) != nil { found.append("a legal hold") }
            let search = IdentifierSearch(user)
            return try found
                + state.whileClosed {
                    var found: [String] = []
                    for name in try Self.files(of: folder) where name != "marquee.sqlite-shm" {
                        do {
                            let isOpen = name.hasPrefix("privacy/open/")
                            guard search.isDistinctive || isOpen else { continue }
                            if search.isFound(in: try folder.read(name)) { found.append("\(name): its bytes") }
                        } catch StorageError.missing {
                            // Removed meanwhile.
                        }
                    }
                    return found
                }
        }
    }

    func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws {
        let (history, texts, hold) = try await BlockingWork.run("privacy") { [register, messages, holds] _ in
            (try register.history(of: user), try messages.all(about: user), try holds.hold(of: user))
        }
        if let hold {
            try body([
                .record([
                    ("legal_hold_since", .text(hold.since.description)), ("by", .text(hold.who)),
                    ("reason", .text(hold.reason)),
                ])
            ])
        }
        try body(texts.map { try JSONValue(parsing: $0) })
        try body(history.map(\.record))
    }

    private static func files(of folder: LocalStorage) throws -> [String] {
        var files: [String] = []
        for part in ["", "answers", "privacy", "privacy/open", "privacy/receipts"] {
            files += try folder.list(part, from: "").map { part.isEmpty ? $0.name : "\(part)/\($0.name)" }
        }
        return files
    }
}

/// What lies in Kafka: nobody can take one person's messages out of a log.
struct PersonalTopics: PersonalStore {
    let declaration = PersonalDeclaration(
        name: "kafka", holds: "the messages of the event topics",
        purpose: "bringing events to the store and to serving", kept: "as long as the topics' retention says",
        covers: Topics.events + [Topics.impressions],
        fields: [.init("messages", "an event or impression each; the key is the user")])

    func find(_ user: String) async throws -> Int { 0 }

    func erase(_ user: String) async throws -> PersonalErasure {
        PersonalErasure(.expires("messages stay until the retention of their topics (retention.ms) is over"))
    }

    func verify(_ user: String) async throws -> [String] { [] }
}
