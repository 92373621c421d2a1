internal import Domain

/// The page of a person's archive: what is in it, in words, and the first records of each file.
///
/// It runs nothing and loads nothing, whatever titles and identifiers say: all of them are escaped, characters that would
/// hide something or turn the text around are shown by their number, and a policy forbids the rest.
struct ArchivePage {
    let html: String
    private static let longestCell = 400

    init(_ contents: ArchiveContents, title: (String) -> String?) {
        let user = Self.text(contents.user)
        var page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>What is kept about \(user)</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; \
            color: #1b1b1b; background: #fff }
            table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
            th, td { border: 1px solid #bbb; padding: .25rem .5rem; text-align: left; vertical-align: top }
            th { background: #eee }
            </style>
            </head>
            <body>
            <main>
            <h1>What is kept about <bdi>\(user)</bdi></h1>
            <p>Made at \(contents.time). Each part below is in the archive twice: as JSON Lines, which has everything exactly,
            and as CSV for spreadsheets, where an apostrophe stands before texts that could be taken for a formula.
            <a href="manifest.json">manifest.json</a> has the digest of every file.</p>

            """
        page += "<h2>What you allow</h2>\n<ul>\n"
        for purpose in PersonalChoice.Purpose.allCases {
            page += "<li>\(purpose.rawValue): \(contents.choice.allows(purpose) ? "on" : "off")</li>\n"
        }
        page += "</ul>\n"
        if contents.choice.isBeingErased { page += "<p>You are being erased: nothing of yours is used.</p>\n" }
        // What is theirs first, what is the same for everybody behind it.
        let own = contents.tables.filter { $0.name != "register" }
        for table in own + contents.tables.filter({ $0.name == "register" }) { page += Self.section(table, title) }
        html = page + "</main>\n</body>\n</html>\n"
    }

    private static func section(_ table: ArchiveTable, _ title: (String) -> String?) -> String {
        var part = "<h2>\(text(table.title))</h2>\n<p>\(text(table.words.joined(separator: "; "))).</p>\n"
        let links = ["jsonl", "csv"].map { "<a href=\"\(table.name).\($0)\">\(table.name).\($0)</a>" }
        part += "<p>\(table.count) \(table.count == 1 ? "record" : "records"): \(links.joined(separator: ", ")).</p>\n"
        guard table.count > 0 else { return part }
        part += "<table>\n<thead><tr>"
        for column in table.columns { part += "<th scope=\"col\">\(text(column))</th>" }
        part += "</tr></thead>\n<tbody>\n"
        for record in table.first {
            part += "<tr>"
            for column in table.columns {
                let value = record.last { $0.name.utf8.elementsEqual(column.utf8) }?.value ?? .null
                var cell = text(ArchiveTable.words(value))
                if column == "item_id", case .text(let item) = value, let title = title(item) {
                    cell += " (\(text(title)))"
                }
                part += "<td><bdi>\(cell)</bdi></td>"
            }
            part += "</tr>\n"
        }
        part += "</tbody>\n</table>\n"
        if table.count > table.first.count { part += "<p>The first \(table.first.count) are shown.</p>\n" }
        return part
    }

    /// A text of somebody's as it may stand in the page.
    private static func text(_ text: String) -> String {
        var shown = ""
        var length = 0
        for scalar in text.unicodeScalars {
            guard length < longestCell else {
                shown += "…"
                break
            }
            length += 1
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                shown += scalar == "\n" || scalar == "\t" ? " " : "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return MarkupText.escaped(shown)
    }
}
