public import Domain
internal import Operations

/// What a registry's models know of persons: their identifiers, histories and factors.
///
/// A model is never changed: one that has learned from a person goes as a whole. The one in service stays, and the person is
/// masked in it, until a training without them has replaced it.
public struct PersonalModels: PersonalStore {
    public let declaration = PersonalDeclaration(
        name: "models", holds: "what models learned: identifiers, histories and factors of users",
        purpose: "making lists", kept: "until pruned; models that were in service stay until then",
        covers: [ModelFiles.identifiers, ModelFiles.history, ModelFiles.factors, KeptEvents.file],
        fields: [
            .init("user_bytes", "whose row it is"), .init("items", "what a list leaves out"),
            .init("confidences", "solving the row anew with newer events"),
            .init("kinds", "which films were watched"), .init("user_last_at", "which events are newer"),
            .init("user_factors", "scores of films"),
            .init("user, item, at, value, kind", "the next training with `--since-version`"),
            .init("left_out_bytes", "that it leaves out who objects"),
        ])
    private let registry: ModelRegistry

    /// The models of a registry; nothing is read yet.
    public init(_ registry: ModelRegistry) { self.registry = registry }

    public func find(_ user: String) async throws -> Int {
        try await BlockingWork.run("privacy") { _ in
            try registry.models(of: user).count + registry.events(of: user).count
        }
    }

    public func erase(_ user: String) async throws -> PersonalErasure {
        try await BlockingWork.run("privacy") { _ in
            let (removed, remaining) = try registry.remove(modelsOf: user)
            return PersonalErasure(
                remaining.isEmpty
                    ? .done : .pending("the model in service learned from them, and waits for a training without"),
                removed: removed.count, counts: ["models_removed": removed.count])
        }
    }

    public func verify(_ user: String) async throws -> [String] {
        try await BlockingWork.run("privacy") { _ in
            try registry.models(of: user).map { "\($0): its table of users" }
                + registry.events(of: user).map { "\(KeptEvents.folder($0)): events for the next training" }
                + registry.mentions(of: user)
        }
    }

    public func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws {
        let records = try await BlockingWork.run("privacy") { _ in
            try registry.models(of: user).flatMap { try Self.record(of: user, in: registry.open($0)) }
        }
        try body(records)
    }

    private static func record(of user: String, in model: MappedModel) -> [JSONValue] {
        guard let index = model.userIndex(of: user) else { return [] }
        let history = model.history(of: index)
        return [
            .object([
                .init(name: "model", value: .text(model.id.rawValue)),
                .init(name: "last_event_at", value: .text(model.lastEvent(of: index).description)),
                .init(
                    name: "factors", value: .array(model.userVector(index).map { .number(Double($0)) })),
                .init(
                    name: "history",
                    value: .array(
                        zip(history.items, history.confidences).map { item, confidence in
                            .object([
                                .init(name: "item_id", value: .text(model.itemID(item))),
                                .init(name: "confidence", value: .number(Double(confidence))),
                            ])
                        })),
            ])
        ]
    }
}

extension ModelRegistry {
    /// The published models that have a row for a user, oldest first. Reads their tables of identifiers alone.
    func models(of user: String) throws -> [ModelID] {
        guard try exists() else { return [] }
        return try list().filter { id in
            let identifiers = try SafetensorsFile(ModelFiles.identifiers, in: storage.folder(id.rawValue))
            return try IdentifierTable(identifiers, name: "user").index(of: user) != nil
        }
    }

    /// Removes the models that have a row for a user, but for the one in service.
    /// - Returns: those removed, and those that stay.
    func remove(modelsOf user: String) throws -> (removed: [ModelID], remaining: [ModelID]) {
        guard try exists() else { return ([], []) }
        return try writing {
            try storage.withLock(Self.lock) {
                let (all, current) = (try models(of: user), try current())
                let removed = all.filter { $0 != current }
                for id in removed {
                    try audited("model.erase", id, "it learned from a person who is erased") { try remove(id) }
                }
                // What was being removed when a process died has no manifest any more.
                for id in try unfinishedRemovals() { try remove(id) }
                // The next training reads the table instead.
                let events = try Set(events(of: user))
                if !events.isEmpty { try removeEvents { events.contains($0) } }
                return (removed, all.filter { $0 == current })
            }
        }
    }

    /// Folders of models whose manifest is gone but not all of their files.
    private func unfinishedRemovals() throws -> [ModelID] {
        let published = Set(try history().filter { $0.action == .published }.map(\.model))
        return try storage.listFolders("").compactMap(ModelID.init(rawValue:)).filter { id in
            try published.contains(id) && !isPublished(id) && !storage.list(id.rawValue, from: "").isEmpty
        }
    }

    /// Files that have a distinctive identifier in their bytes.
    func mentions(of user: String) throws -> [String] {
        let search = IdentifierSearch(user)
        guard search.isDistinctive, try exists() else { return [] }
        var found: [String] = []
        for folder in try [""] + storage.listFolders("") {
            for entry in try storage.list(folder, from: "") {
                let name = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
                do {
                    if try storage.map(name).withBytes({ Self.has(search.bytes, in: $0) }) { found.append(name) }
                } catch StorageError.missing {
                    // Removed meanwhile.
                }
            }
        }
        return found
    }

    /// Identifiers stand one after another without anything between them.
    private static func has(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= needle.count, let first = needle.first else { return false }
        return (0...(bytes.count - needle.count)).contains { start in
            bytes[start] == first && bytes[start..<start + needle.count].elementsEqual(needle)
        }
    }
}
