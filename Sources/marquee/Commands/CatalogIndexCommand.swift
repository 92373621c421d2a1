import Catalog
import Columnar
import Domain
import Operations
import Platform
import Store
import Trainer

/// `marquee catalog index`
enum CatalogIndexCommand {
    static let command: Command = Command(
        path: ["catalog", "index"], summary: "Fill a search index anew behind its alias, without a gap.",
        details: """
            Makes a new index with a strict mapping, puts every film of the store into it, looks whether all of them are
            there, and moves the alias in one step: whoever searches through it finds the old films until then and the new
            ones from then on. If anything fails the alias stays where it is. With --models the films carry the factors of
            the model in service, for 'catalog search --user'. With --users there is also an index of users (what their
            events say of them, not the events) behind ALIAS-users, and one of events a day behind ALIAS-activity, as the
            dashboards of deploy/kibana read them. Works with Elasticsearch 8 and 9 and OpenSearch 2.
            """,
        options: [
            Options.store.spec, Options.models.spec, precision.spec, users.spec, shards.spec, replicas.spec,
            previous.spec, rejected.spec, Options.reportFormat.spec,
        ] + CatalogCommand.service,
        required: ["store", "elasticsearch"],
        examples: [
            .init(
                line: "catalog index --store data --elasticsearch http://localhost:9200",
                meaning: "All films, behind the alias movies."),
            .init(
                line: "catalog index --store data --elasticsearch https://es:9200 --elasticsearch-ca http_ca.crt "
                    + "--models models --users",
                meaning: "With factors, users and activity; key from MARQUEE_ELASTICSEARCH_API_KEY."),
        ]
    ) { invocation in
        _ = try invocation.value(Options.elasticsearch)
        guard let client = try CatalogCommand.client(invocation) else { return }
        defer { client.close() }
        var options = SearchFilling.Options()
        options.precision = FactorField.Precision(rawValue: try invocation.value(precision)) ?? .exact
        options.hasAudience = try invocation.value(users)
        options.shards = try invocation.value(shards)
        options.replicas = try invocation.value(replicas)
        options.previous = try invocation.value(previous)
        if let registry = try invocation.registryIfNamed() {
            options.model = try await BlockingWork.run("model") { _ in try registry.openCurrent() }
        }
        let store = try invocation.store()
        let bar = ProgressBar("index", total: nil, unit: "documents")
        let outcome: SearchFilling.Outcome
        do {
            outcome = try await SearchFilling(store: store, client: client, options).run { what, done, total in
                bar.update(done, note: "of \(Figure.count(total)) \(what)")
            }
            bar.finish()
        } catch {
            bar.finish()
            throw error
        }
        try write(outcome, invocation)
    }

    private static let precision = Option<String>.choice(
        "factors", FactorField.Precision.allCases.map(\.rawValue), default: "exact",
        "With --models: whether the nearest films are exactly those, or most of those and found faster.")
    private static let users = Option<Bool>.flag("users", "Also sum up users, and events a day.")
        .set(as: "index-users")
    private static let shards = Option<Int>.integer(
        "shards", in: 1...1024, default: 1, "Shards of an index; scores are those of 'serve' with one only.")
    private static let replicas = Option<Int>.integer("replicas", in: 0...100, default: 0, "Copies of each shard.")
    private static let previous = Option<Int>.integer(
        "keep-indices", in: 0...1000, default: 1, "Earlier indices that stay, to go back to.")
    private static let rejected = Option<String>.text(
        "rejected", "FILE", "Write what the index does not take into this file, as JSON Lines with reasons.")

    private static func write(_ outcome: SearchFilling.Outcome, _ invocation: Invocation) throws {
        let rejections = outcome.indices.flatMap { index in index.rejected.map { (index.name, $0) } }
        if let path = invocation.optional(rejected) {
            var json = JSONWriter()
            for (index, rejection) in rejections {
                json.object {
                    $0.field("index", index)
                    $0.field("id", rejection.itemID)
                    $0.field("status", rejection.status)
                    $0.field("reason", rejection.reason)
                    $0.name("document")
                    $0.value(json: Array(rejection.document.utf8))
                }
                json.newline()
            }
            try AtomicFile.write(json.bytes, to: path)
        }
        if try invocation.value(Options.reportFormat) == "json" {
            return JSONOutput.write([
                (
                    "indices",
                    .list(
                        outcome.indices.map { index in
                            .structure([
                                .init(name: "alias", value: .string(index.alias)),
                                .init(name: "index", value: .string(index.name)),
                                .init(name: "documents", value: .int(Int64(index.documents))),
                                .init(name: "rejected", value: .int(Int64(index.rejected.count))),
                            ])
                        })
                ), ("films_with_factors", .int(Int64(outcome.filmsWithFactors))),
            ])
        }
        var table = TextTable([("ALIAS", .left), ("DOCUMENTS", .right), ("REJECTED", .right), ("INDEX", .left)])
        for index in outcome.indices {
            table.add([
                index.alias, Figure.count(index.documents), Figure.count(index.rejected.count), index.name,
            ])
        }
        StandardOutput.write(table.text)
        if outcome.filmsWithFactors > 0 {
            StandardOutput.write(prose: "\(Figure.count(outcome.filmsWithFactors)) films have factors")
        }
        for (index, rejection) in rejections.prefix(5) {
            StandardOutput.write(prose: "\(index) does not take \(rejection.itemID): \(rejection.reason)")
        }
    }
}
