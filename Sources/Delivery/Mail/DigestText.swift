internal import Domain

/// What a digest says: the newest lists of an interval, for an operator or for the user of one of them.
struct DigestText {
    /// Lists in an operator's digest; more are counted, and not shown.
    static let mostLists = 50
    /// Titles of each list in an operator's digest.
    static let titlesEach = 5

    var subject: String
    var text: String
    var html: String

    /// For whom it is about.
    init(toUserOf entries: [DigestEntry], unsubscribe: String) {
        let titles = entries.flatMap(\.items).map { $0.title ?? $0.id }
        subject = "\(titles.count) \(titles.count == 1 ? "film" : "films") for you"
        let head = "New predictions, after what you have watched lately:"
        text = head + "\n\n" + Self.numbered(titles) + "\n\n" + Self.foot(unsubscribe) + "\n"
        html = Self.page(subject, "<p>\(head)</p>\n\(Self.list(titles))\n\(Self.htmlFoot(unsubscribe))")
    }

    /// For whom it is about others.
    /// - Parameter more: users whose lists are not among the entries.
    init(toOperator entries: [DigestEntry], more: Int, unsubscribe: String) {
        let count = entries.count + more
        subject = "New predictions for \(count) \(count == 1 ? "user" : "users")"
        let models = Set(entries.map(\.model)).sorted()
        let head = "\(subject), by \(Self.line(models.joined(separator: " and ")))."
        var (text, html) = (head + "\n", "<p>\(MarkupText.escaped(head))</p>\n")
        for entry in entries {
            let titles = entry.items.prefix(Self.titlesEach).map { $0.title ?? $0.id }
            text += "\n\(Self.line(entry.user)) (\(entry.at))\n\(Self.numbered(titles))\n"
            html += "<h2>\(MarkupText.escaped(Self.line(entry.user)))</h2>\n<p>\(entry.at)</p>\n\(Self.list(titles))\n"
        }
        if more > 0 {
            let rest = "And for \(more) more."
            text += "\n\(rest)\n"
            html += "<p>\(rest)</p>\n"
        }
        self.text = text + "\n" + Self.foot(unsubscribe) + "\n"
        self.html = Self.page(subject, html + Self.htmlFoot(unsubscribe))
    }

    private static func numbered(_ titles: [String]) -> String {
        titles.enumerated().map { "\($0 + 1). \(line($1))" }.joined(separator: "\n")
    }

    private static func list(_ titles: [String]) -> String {
        "<ol>\n" + titles.map { "<li>\(MarkupText.escaped(line($0)))</li>\n" }.joined() + "</ol>"
    }

    /// A title or an identifier is one line, whatever it holds: not long, and nothing in it turns the text around that stands
    /// beside it.
    private static func line(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(longestLine) {
            scalars.append(MailText.isHarmless(scalar) ? scalar : " ")
        }
        return String(scalars) + (text.unicodeScalars.count > longestLine ? "…" : "")
    }

    /// Letters of a title that are shown.
    static let longestLine = 200

    private static func foot(_ unsubscribe: String) -> String { "To get no more of these: \(unsubscribe)" }

    private static func htmlFoot(_ unsubscribe: String) -> String {
        "<p><a href=\"\(MarkupText.escaped(unsubscribe))\">Get no more of these</a></p>"
    }

    private static func page(_ title: String, _ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>\(MarkupText.escaped(title))</title></head>
        <body>
        \(body)
        </body></html>

        """
    }
}
