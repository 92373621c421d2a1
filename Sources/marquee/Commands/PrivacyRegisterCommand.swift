import Columnar
import Domain
import Operations
import Platform

/// `marquee privacy register`
enum PrivacyRegisterCommand {
    static let command: Command = Command(
        path: ["privacy", "register"], summary: "Print the record of processing: what is kept about persons, and why.",
        details: """
            One row for each field of each place (GDPR, Art. 30): what the place holds, what for and how long, and what
            the field is needed for. Nothing is opened; a search service and a database are in it where they are named.
            """,
        options: PrivacyOptions.places + [Options.format.spec], required: PrivacyOptions.required,
        examples: [
            .init(line: "privacy register --store data --models models --format table", meaning: "To read."),
            .init(line: "privacy register --store data --models models --format csv", meaning: "For a spreadsheet."),
        ]
    ) { invocation in
        let stores = try PrivacyOptions.stores(
            invocation, StateDatabase(folder: invocation.value(Options.stateFolder)), opens: false)
        let names = ["place", "holds", "purpose", "kept", "field", "needed_for"]
        var printer = RowPrinter(columns: names.map { ($0, .left) }, as: try invocation.value(Options.format))
        for declaration in stores.all.map(\.declaration) {
            for field in declaration.fields {
                printer.print(
                    [
                        declaration.name, declaration.holds, declaration.purpose, declaration.kept, field.name,
                        field.purpose,
                    ].map { .string($0) })
            }
        }
        printer.finish()
    }
}
