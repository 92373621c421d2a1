import Columnar
import Domain
import Operations
import Platform

/// `marquee privacy verify`
enum PrivacyVerifyCommand {
    static let command: Command = Command(
        path: ["privacy", "verify"], summary: "Look for a person in every byte of every place.",
        details: """
            Reads all files of the tables, those of older versions and of nobody too: values, dictionaries and bounds of
            the columns that name users, commits and checkpoints, models and the state. An identifier of eight bytes or
            more that is not a number is also looked for as bytes, in every unpacked page and in the files as they are;
            a shorter one stands in many places by chance. With --pseudonymise-key it looks for the pseudonym, for those
            of the keys before, and for the identifier itself. Exit status 65 if something is found.
            """,
        arguments: [PrivacyOptions.argument],
        options: PrivacyOptions.places + [Options.reportFormat.spec], required: PrivacyOptions.required,
        examples: [
            .init(line: "privacy verify u17 --store data --models models", meaning: "After an erasure: nothing."),
            .init(
                line: "privacy verify u17 --store data --models models --format json",
                meaning: "The same for programs."),
        ]
    ) { invocation in
        let verifier = PrivacyVerifier(try PrivacyOptions.stores(invocation, invocation.state()))
        let named = try PrivacyOptions.named(invocation)
        let keys = try invocation.pseudonyms()
        var results = await verifier.look(for: keys?.pseudonym(of: named) ?? named)
        // Nothing may be left of what they were called before, either.
        for other in keys.map({ [named] + $0.earlier.map { $0.pseudonym(of: named) } }) ?? [] {
            for (index, found) in await verifier.look(for: other).enumerated() {
                results[index].places += found.places
                results[index].reason = results[index].reason ?? found.reason
            }
        }
        if try invocation.value(Options.reportFormat) == "json" {
            try JSONOutput.write(results)
        } else {
            var table = TextTable([("STORE", .left), ("FOUND", .right)])
            for result in results {
                let places = result.places.prefix(5).joined(separator: "; ")
                table.add(
                    [result.store, result.reason == nil ? Figure.count(result.places.count) : "?"],
                    note: result.reason ?? (places.isEmpty ? nil : places))
            }
            StandardOutput.write(table.text)
        }
        let findings = results.reduce(0) { $0 + $1.places.count }
        if findings > 0 {
            throw PrivacyError.found(
                findings: findings, stores: results.filter { !$0.places.isEmpty }.map(\.store))
        }
        let away = results.filter { $0.reason != nil }.map(\.store)
        if !away.isEmpty { throw PrivacyError.unseen(stores: away) }
    }
}
