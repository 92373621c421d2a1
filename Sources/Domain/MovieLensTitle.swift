/// Titles as MovieLens writes them, with the year in brackets and the article behind.
public enum MovieLensTitle {
    /// Those of the languages that the data sets have films in.
    private static let articles = [
        "The", "A", "An", "Le", "La", "Les", "L'", "Un", "Une", "Il", "Lo", "I", "Gli", "Una", "Der", "Die", "Das",
        "Ein", "Eine", "El", "Los", "Las", "De", "Het", "Det", "Den", "En", "Ett", "O", "Os",
    ]
    /// What may stand in front of another title in brackets.
    private static let introductions = ["a.k.a. ", "aka "]

    /// Title and year, of a span of years the first: `"City of Lost Children, The (Cité des enfants perdus, La) (1995)"` →
    /// `("The City of Lost Children (La Cité des enfants perdus)", 1995)`.
    public static func split(_ raw: String) -> (title: String, year: Int32?) {
        var title = trimmed(raw)
        var year: Int32?
        if title.hasSuffix(")"), let open = title.lastIndex(of: "(") {
            let inside = title[title.index(after: open)...].dropLast()
            // Series have spans: 2006–2007, 2009-.
            let after = inside.dropFirst(4).first
            if let number = Int32(inside.prefix(4)), (1870...2100).contains(number), after?.isNumber != true {
                year = number
                title = trimmed(title[..<open])
            }
        }
        return (withArticlesInFront(title), year)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var rest = Substring(text)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    /// Each title has its own article: the one outside of brackets, and those inside.
    private static func withArticlesInFront(_ text: String) -> String {
        var result = ""
        var part = ""
        func ordered(_ part: String) -> String {
            let title = trimmed(part)
            guard !title.isEmpty, let start = part.firstRange(of: title) else { return part }
            return part[..<start.lowerBound] + articleInFront(title) + part[start.upperBound...]
        }
        for character in text {
            if character == "(" || character == ")" {
                result += ordered(part)
                part = ""
                result.append(character)
            } else {
                part.append(character)
            }
        }
        return result + ordered(part)
    }

    /// `Matrix, The` → `The Matrix`.
    private static func articleInFront(_ text: String) -> String {
        let introduction = introductions.first { text.lowercased().hasPrefix($0) } ?? ""
        let title = text.dropFirst(introduction.count)
        for article in articles where title.hasSuffix(", \(article)") {
            let rest = title.dropLast(article.count + 2)
            return text.prefix(introduction.count) + article + (article.hasSuffix("'") ? "" : " ") + rest
        }
        return text
    }
}
