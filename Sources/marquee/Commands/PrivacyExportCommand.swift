import Catalog
import Domain
import Operations
import Platform
import Serving
import Trainer

/// `marquee privacy export`
enum PrivacyExportCommand {
    static let command: Command = Command(
        path: ["privacy", "export"], summary: "Hand out everything that is kept about a person.",
        details: """
            GDPR, Art. 15 and 20. With --out an archive (zip) that nobody but its owner may read: each place as JSON Lines and as
            CSV, lists with their reasons, what the person allows and ever said, the record of processing, and a page to
            read (index.html). Without it JSON Lines: for each record of each place {"place": …, "record": {…}}. What the
            topics of Kafka still hold is in the tables, too. The audit log notes that it was asked for. A place that cannot
            be read ends it with exit status 69, and leaves no archive.
            """,
        arguments: [PrivacyOptions.argument], options: PrivacyOptions.places + [out.spec, Options.reason.spec],
        required: PrivacyOptions.required,
        examples: [
            .init(
                line: "privacy export u17 --store data --models models --out u17.zip",
                meaning: "All of it, to hand to the person."),
            .init(line: "privacy export u17 --store data --models models", meaning: "The same, a record a line."),
            .init(
                line: "privacy export u17 --store data --models models --reason 'asked by letter'",
                meaning: "The audit log keeps why."),
        ]
    ) { invocation in
        let user = try PrivacyOptions.user(invocation)
        let state = try invocation.state()
        let stores = try PrivacyOptions.stores(invocation, state)
        let reason = invocation.optional(Options.reason) ?? ""
        // Before anybody has waited for it.
        let path = invocation.optional(out)
        if let path { _ = try ResultFile.begin(privately: path) }
        let subject = try await BlockingWork.run("privacy") { _ in try PersonalRegister(state).subject(of: user) }
        try await AuditLog(state).record(
            by: Operator.name, "privacy.export", of: String(subject.hex.prefix(16)), reason: reason
        ) {
            if let path {
                try await archive(of: user, stores, state, to: path, invocation)
            } else {
                try await print(user, stores)
                StandardOutput.flush()
            }
        }
    }

    private static func print(_ user: String, _ stores: PersonalStores) async throws {
        for store in stores.all {
            do {
                try await store.export(user) { records in
                    for record in records {
                        var line = JSONWriter()
                        line.object {
                            $0.field("place", store.declaration.name)
                            $0.name("record")
                            $0.value(record)
                        }
                        StandardOutput.write(line: String(decoding: line.bytes, as: UTF8.self))
                    }
                }
            } catch {
                Log("privacy").error("a place cannot be read", ["place": store.declaration.name, "why": "\(error)"])
                throw PrivacyError.unseen(stores: [store.declaration.name])
            }
        }
    }

    private static let out = Option<String>.text("out", "FILE", "Write an archive (zip) there instead of lines.")
        .set(as: "privacy-out")

    private static func archive(
        of user: String, _ stores: PersonalStores, _ state: StateDatabase, to path: String, _ invocation: Invocation
    ) async throws {
        let (registry, store) = (try invocation.registry(), try invocation.store())
        let films = try await BlockingWork.run("catalogue") { _ in
            try StoredCatalogue(store: store).read()?.snapshot ?? .empty
        }
        let archive = PersonalArchive(stores, state: state) { user in
            let recommender = try await BlockingWork.run("recommend") { _ -> LocalRecommender? in
                guard try registry.current() != nil else { return nil }
                return try LocalRecommender(
                    model: try registry.openCurrent(), catalog: films, content: ContentIndex(films.movies),
                    choices: PersonalRegister(state).table())
            }
            guard let recommender else { return nil }
            let list = try await recommender.recommend(RecommendationQuery(userID: user, count: 20, explains: true))
            return .init(
                model: list.model.id,
                items: list.items.map {
                    .init(id: $0.id, title: $0.title, score: $0.score, reasons: .array($0.reasons.map { .text($0) }))
                })
        } title: {
            films[$0]?.title
        }
        let file = try ResultFile.begin(privately: path)
        let counts = try await archive.write(of: user) { try file.write($0) }
        try file.finish()
        let sum = Figure.count(counts.values.reduce(0, +))
        StandardError.write(line: "privacy: \(sum) records in \(PrintableText.escaped(path))")
    }
}
