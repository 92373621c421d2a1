import Catalog
import Columnar
import Delivery
import Operations
import Platform
import Store

/// `marquee catalog quality`
enum CatalogQualityCommand {
    static let command: Command = Command(
        path: ["catalog", "quality"], summary: "Say what is wrong with the films and the incoming events of a store.",
        details: """
            A film that lacks something, or whose source says what cannot be, is kept, and each such thing is a finding:
            values left out, markup taken away, identifiers that collide, films that are there twice, messages that are
            no films. With --rule its films are listed, one a line. 'marquee ingest' keeps the findings in the table
            'quality', and what events say of films (stars, counts, trend) in 'film_stats'; --refresh makes both now.

            With --expect or --expectations the report also has what came in: volumes, refused messages, late events, nulls
            and kinds of the last day, held against what is expected. Exit status 14 if something is not met; --webhook is
            told of it (quality.breached).
            """,
        options: [
            Options.store.spec, rule.spec, examples.spec, refresh.spec, Options.reportFormat.spec,
        ] + QualityOptions.specs + [Options.stateFolder.spec] + WebhookOptions.specs,
        required: ["store"],
        examples: [
            .init(line: "catalog quality --store data", meaning: "Each rule with its films counted, and examples."),
            .init(
                line: "catalog quality --store data --rule impossible-runtime",
                meaning: "All films that break one rule."),
            .init(
                line: "catalog quality --store data --refresh --format json",
                meaning: "For scripts, after the tables were made anew."),
            .init(
                line: "catalog quality --store data --expect 'reject_share<=0.01,events>=1000'",
                meaning: "Whether the events of the last day are as they should be."),
        ]
    ) { invocation in
        let store = try invocation.store()
        let isRefreshed = try invocation.value(refresh)
        let expected = try QualityOptions.given(invocation)
        let webhooks = try WebhookOptions.sender(invocation)
        let (version, quality, check) = try await BlockingWork.run("quality") { flag in
            let found = try films(of: store, mayLack: expected != nil)
            if isRefreshed { _ = try FilmTables.refresh(in: store, flag) }
            return (found.version, found.quality, try expected.map { try QualityCheck(of: store, $0) })
        }
        let isBreached = check.map { !$0.breaches.isEmpty } ?? false
        if let check, isBreached, let webhooks {
            try await BlockingWork.run("webhooks") { _ in try webhooks.post(check.message) }
            await webhooks.flush(within: .seconds(15))
        }
        let rules = counts(quality, only: invocation.optional(rule), examples: try invocation.value(examples))
        if try invocation.value(Options.reportFormat) == "json" {
            JSONOutput.write(
                [
                    (name: "version", value: .int(version)), ("films", .int(Int64(quality.films))),
                    ("findings", .int(Int64(rules.reduce(0) { $0 + $1.findings.count }))),
                    ("rules", .list(rules.map { $0.value(of: quality.films) })),
                ] + (check.map { [(name: "incoming", value: QualityOptions.value($0))] } ?? []))
        } else {
            write(rules, of: quality.films, only: invocation.optional(rule))
            if let check {
                StandardOutput.write(line: "")
                QualityOptions.write(check)
            }
        }
        if isBreached { throw CommandStatus.breached }
    }

    /// The findings about the films of a store.
    /// - Parameter mayLack: whether there may be no films.
    private static func films(
        of store: EventStore, mayLack: Bool
    ) throws -> (version: Int64, quality: CatalogQuality) {
        do {
            return try FilmTables.quality(of: store)
        } catch let error as ColumnarError {
            guard case .notATable = error, try mayLack && hasMessages(store) else { throw error }
            return (-1, CatalogQuality(rows: [], refused: []))
        }
    }

    /// Whether anything came in at all: a slip in the name of a store must not look like one where all is well.
    private static func hasMessages(_ store: EventStore) throws -> Bool {
        try store.openIfPresent(.events) != nil || store.openIfPresent(.deadLetters) != nil
    }

    private static let rule = Option<FilmRule>(
        "rule", "CODE", choices: FilmRule.allCases.map(\.rawValue), "Only findings of this rule, all of them listed.",
        must: "be one of \(FilmRule.allCases.map(\.rawValue).joined(separator: ", "))"
    ) { FilmRule(rawValue: $0) }
    private static let examples = Option<Int>.integer(
        "examples", in: 0...1000, default: 3, "Examples of each rule.")
    private static let refresh = Option<Bool>.flag(
        "refresh", "Make the tables quality and film_stats anew from the newest films and events.")

    /// The findings of one rule.
    private struct Count {
        var rule: String
        var meaning: String
        var field: String
        var findings: [CatalogQuality.Finding] = []
        var examples = 0

        func value(of films: Int) -> Value {
            .structure([
                .init(name: "rule", value: .string(rule)), .init(name: "field", value: .string(field)),
                .init(name: "count", value: .int(Int64(findings.count))),
                .init(
                    name: "share",
                    value: films == 0 ? .null : .double((Double(findings.count) / Double(films) * 1e6).rounded() / 1e6)),
                .init(name: "meaning", value: .string(meaning)),
                .init(
                    name: "examples",
                    value: .list(
                        findings.prefix(examples).map { finding in
                            func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }
                            return .structure([
                                .init(name: "item_id", value: text(finding.itemID)),
                                .init(name: "title", value: text(finding.title)),
                                .init(name: "detail", value: text(finding.detail)),
                                .init(name: "at", value: .timestamp(finding.at)),
                            ])
                        })),
            ])
        }
    }

    private static func counts(_ quality: CatalogQuality, only rule: FilmRule?, examples: Int) -> [Count] {
        var counts: [Count] = []
        for finding in quality.findings where rule == nil || finding.rule == rule?.rawValue {
            if counts.last?.rule != finding.rule {
                let known = FilmRule(rawValue: finding.rule)
                counts.append(
                    Count(
                        rule: finding.rule, meaning: known?.meaning ?? "", field: known?.field ?? "film",
                        examples: rule == nil ? examples : .max))
            }
            counts[counts.count - 1].findings.append(finding)
        }
        return counts
    }

    private static func write(_ rules: [Count], of films: Int, only rule: FilmRule?) {
        guard !rules.isEmpty else {
            let what = rule.map { "none breaks the rule \($0.rawValue)" } ?? "nothing is wrong with them"
            return StandardOutput.write(prose: "\(Figure.count(films)) films, and \(what)")
        }
        if rule != nil {
            var table = TextTable([("ITEM", .left), ("TITLE", .left), ("DETAIL", .left)])
            for finding in rules.flatMap(\.findings) {
                table.add([finding.itemID ?? "-", finding.title ?? "-", finding.detail ?? ""])
            }
            return StandardOutput.write(table.text)
        }
        StandardOutput.write(
            line: "\(Figure.count(films)) films, \(Figure.count(rules.reduce(0) { $0 + $1.findings.count })) findings")
        StandardOutput.write(line: "")
        var table = TextTable([("RULE", .left), ("COUNT", .right), ("SHARE", .right)])
        for rule in rules {
            let share = films == 0 ? 0 : Double(rule.findings.count) / Double(films) * 100
            let examples = rule.findings.prefix(rule.examples).map(text)
            let note = examples.isEmpty ? rule.meaning : "\(rule.meaning) Such as \(examples.joined(separator: "; "))."
            table.add(
                [rule.rule, Figure.count(rule.findings.count), Figure.decimal(share, digits: 1) + " %"], note: note)
        }
        StandardOutput.write(table.text)
    }

    /// An example, in short.
    private static func text(_ finding: CatalogQuality.Finding) -> String {
        let film = finding.itemID.map { "\($0) \(finding.title.map { "“\(short($0, 30))”" } ?? "")" }
        return [film, finding.detail.map { short($0, 60) }].compactMap(\.self).joined(separator: ": ")
    }

    private static func short(_ text: String, _ length: Int) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }
}
