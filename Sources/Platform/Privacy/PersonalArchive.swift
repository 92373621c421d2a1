internal import Delimited
public import Domain
internal import Foundation
public import Operations

/// Everything that is kept about one person as one zip archive (GDPR, Art. 15 and 20): each place as JSON Lines and as CSV,
/// the lists that are remembered with their reasons, what the person allows and ever said, the record of processing, a
/// page to read, and the digests of all of it.
///
///     let archive = PersonalArchive(stores, state: state)
///     try await archive.write(of: "u17") { try file.write($0) }
///
/// One place at a time is in memory. A place that cannot be read leaves no archive: one that lacks something in silence would
/// be worse than none.
public struct PersonalArchive: Sendable {
    /// A list as it would be made at this moment, for the archive.
    public struct List: Sendable {
        /// One line of it.
        public struct Item: Sendable {
            public var id: String
            /// nil if the catalogue does not know the item.
            public var title: String?
            public var score: Double
            /// Why it is there.
            public var reasons: JSONValue

            public init(id: String, title: String?, score: Double, reasons: JSONValue) {
                self.id = id
                self.title = title
                self.score = score
                self.reasons = reasons
            }
        }

        public var model: String
        /// Best first.
        public var items: [Item]

        public init(model: String, items: [Item]) {
            self.model = model
            self.items = items
        }
    }

    private let stores: PersonalStores
    private let register: PersonalRegister
    private let list: @Sendable (String) async throws -> List?
    private let title: @Sendable (String) -> String?

    /// - Parameters:
    ///   - list: makes a user's list with its reasons; nil where there is no model.
    ///   - title: of a film; nil where it is not known.
    public init(
        _ stores: PersonalStores, state: StateDatabase,
        list: @escaping @Sendable (String) async throws -> List? = { _ in nil },
        title: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.stores = stores
        self.list = list
        self.title = title
        register = PersonalRegister(state)
    }

    /// Writes the archive of a user into `sink`, piece by piece.
    /// - Returns: how many records it has from each place.
    /// - Throws: ``PrivacyError/unseen(stores:)`` for a place that cannot be read, and what `sink` throws.
    @discardableResult
    public func write(
        of user: String, at time: Timestamp = .now, to sink: @escaping ([UInt8]) throws -> Void
    ) async throws -> [String: Int] {
        let zip = try ZipWriter(sink)
        var contents = ArchiveContents(user: user, at: time)
        for part in [try await choices(of: user, &contents), processing()] {
            try await add(part, to: zip, &contents)
        }
        var lists = ArchiveTable(
            "lists", "Lists and their reasons",
            ["lists that are still remembered, and the one that would be made now, line by line"])
        lists.add(Self.lines(of: try await list(user), at: time))
        var counts: [String: Int] = [:]
        for store in stores.all {
            let declaration = store.declaration
            var table = ArchiveTable(
                "places/\(declaration.name)", declaration.name,
                [declaration.holds, "for: \(declaration.purpose)", "kept: \(declaration.kept)"])
            do {
                try await store.export(user) { records in
                    table.add(records)
                    lists.add(records.flatMap { Self.lines(of: $0, in: declaration.name) })
                }
            } catch {
                Log("privacy").error("a place cannot be read", ["place": declaration.name, "why": "\(error)"])
                throw PrivacyError.unseen(stores: [declaration.name])
            }
            counts[declaration.name] = table.count
            try await add(table, to: zip, &contents)
        }
        try await add(lists, to: zip, &contents)
        let (title, all) = (title, contents)
        try await BlockingWork.run("privacy") { _ in
            var all = all
            try all.add("index.html", Array(ArchivePage(all, title: title).html.utf8), to: zip)
            // The last: it has the digests of all others.
            try zip.add("manifest.json", all.manifest(), at: time)
            try zip.finish()
        }
        return counts
    }

    private func add(_ table: ArchiveTable, to zip: ZipWriter, _ contents: inout ArchiveContents) async throws {
        let before = contents
        contents = try await BlockingWork.run("privacy") { _ in
            var after = before
            try after.add(table.name + ".jsonl", table.lines, to: zip)
            try after.add(table.name + ".csv", table.separatedValues(), to: zip)
            after.tables.append(table.withoutLines)
            return after
        }
    }

    /// What holds, for the page, and everything that was ever said.
    private func choices(of user: String, _ contents: inout ArchiveContents) async throws -> ArchiveTable {
        let (choice, history) = try await BlockingWork.run("privacy") { [register] _ in
            (try register.table().choice(of: user), try register.history(of: user))
        }
        contents.choice = choice
        var table = ArchiveTable("consents", "What you allowed, and when", ["every word on it, the oldest first"])
        table.add(history.map(\.record))
        return table
    }

    private func processing() -> ArchiveTable {
        var table = ArchiveTable(
            "register", "What is kept about persons, and what for", ["the record of processing: every field"])
        for declaration in stores.all.map(\.declaration) {
            table.add(
                declaration.fields.map { field in
                    .record([
                        ("place", .text(declaration.name)), ("holds", .text(declaration.holds)),
                        ("purpose", .text(declaration.purpose)), ("kept", .text(declaration.kept)),
                        ("field", .text(field.name)), ("needed_for", .text(field.purpose)),
                    ])
                })
        }
        return table
    }
}

// MARK: Lists

extension PersonalArchive {
    private static func lines(of list: List?, at time: Timestamp) -> [JSONValue] {
        guard let list else { return [] }
        return list.items.enumerated().map { place, item in
            .record([
                ("from", "made now"), ("made_at", .text(time.description)), ("recommendation_id", .null),
                ("model", .text(list.model)), ("rank", .number(Double(place + 1))), ("item_id", .text(item.id)),
                ("title", item.title.map { .text($0) } ?? .null), ("score", .number(item.score)),
                ("reasons", item.reasons),
            ])
        }
    }

    /// The lines of a list that a place has: a message to a webhook, or a row of the database.
    private static func lines(of record: JSONValue, in place: String) -> [JSONValue] {
        if record["type"] == "list.created", let data = record["data"], case .array(let items)? = data["items"] {
            return items.map { item in
                line(
                    place, made: data["generated_at"], id: data["recommendation_id"], model: data["model"], item)
            }
        }
        if record["table"] == "recommendations", let row = record["row"] {
            return [
                line(place, made: row["generated_at"], id: row["recommendation_id"], model: row["model_id"], row)
            ]
        }
        return []
    }

    private static func line(
        _ place: String, made: JSONValue?, id: JSONValue?, model: JSONValue?, _ item: JSONValue
    ) -> JSONValue {
        .record(
            [
                ("from", .text(place)), ("made_at", made ?? .null), ("recommendation_id", id ?? .null),
                ("model", model ?? .null),
            ] + ["rank", "item_id", "title", "score", "reasons"].map { ($0, item[$0] ?? .null) })
    }
}

/// What is in an archive so far.
struct ArchiveContents: Sendable {
    let user: String
    let time: Timestamp
    var choice = PersonalChoice.everything
    var tables: [ArchiveTable] = []
    /// Files with their digests, in the order in which they were added.
    private(set) var files: [(name: String, bytes: Int, digest: SHA256Digest)] = []

    init(user: String, at time: Timestamp) {
        self.user = user
        self.time = time
    }

    mutating func add(_ name: String, _ bytes: [UInt8], to zip: ZipWriter) throws {
        try zip.add(name, bytes, at: time)
        files.append((name, bytes.count, Digest.sha256(bytes)))
    }

    /// What the archive is and what it has, one file a member.
    func manifest() -> [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.field("format", "marquee-personal-archive/1")
            json.field("user_id", user)
            json.field("made_at", time.description)
            json.field("made_by", "marquee \(Release.version)")
            json.name("records")
            json.object { for table in tables { $0.member(table.name, table.count) } }
            json.name("files")
            json.array { json in
                for file in files {
                    json.object {
                        $0.field("name", file.name)
                        $0.field("bytes", file.bytes)
                        $0.field("sha256", file.digest.hex)
                    }
                }
            }
        }
        json.newline()
        return json.bytes
    }
}

extension ArchiveTable {
    /// Without the records, which are written: what the page needs stays.
    fileprivate var withoutLines: ArchiveTable {
        var table = self
        table.forgetLines()
        return table
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ value: Int) {
        self.name(text: name)
        self.value(value)
    }
}

extension JSONValue {
    /// An object of these members, in this order.
    static func record(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { Member(name: $0.0, value: $0.1) })
    }
}

extension PersonalRegister.Consent {
    /// As it is handed out.
    var record: JSONValue {
        .record([
            ("purpose", .text(purpose.rawValue)), ("allowed", .bool(isAllowed)), ("at", .text(at.description)),
            ("by", .text(who)),
        ])
    }
}
