/// A page of the dashboard: where it is, and of which files it is made.
struct DashboardPage: Sendable {
    /// See `HTTPRouter`.
    let pattern: String
    let title: String
    /// Names the script of the page, and its main part: `NAME.js`, `NAME.html`.
    let name: String

    /// All of them.
    static let all = [
        DashboardPage(pattern: "/", title: "Overview", name: "overview"),
        DashboardPage(pattern: "/trending", title: "Trending", name: "trending"),
        DashboardPage(pattern: "/films", title: "Films", name: "filmlist"),
        DashboardPage(pattern: "/films/{item}", title: "Film", name: "film"),
        DashboardPage(pattern: "/users/{user}", title: "User", name: "user"),
        DashboardPage(pattern: "/quiz", title: "Taste quiz", name: "quiz"),
        DashboardPage(pattern: "/catalog", title: "Catalogue", name: "catalog"),
        DashboardPage(pattern: "/models", title: "Models", name: "models"),
        DashboardPage(pattern: "/models/{model}", title: "Model", name: "model"),
        DashboardPage(pattern: "/monitoring", title: "Monitoring", name: "monitoring"),
    ]

    /// The whole page: the frame of all pages around its part. Nothing of a request is in it.
    func html(_ files: [String: [UInt8]]) -> [UInt8] {
        func text(_ file: String) -> String { String(decoding: files[file] ?? [], as: UTF8.self) }
        // All at once: a browser would find them one after the other, as they name each other.
        let preloads = Self.imports(of: ["shell.js", "\(name).js"], files)
            .map { "<link rel=\"modulepreload\" href=\"/assets/\($0)\">" }.joined(separator: "\n")
        return Array(
            text("layout.html").replacing("{{title}}", with: title).replacing("{{module}}", with: name)
                .replacing("{{preloads}}", with: preloads).replacing("{{body}}", with: text("\(name).html")).utf8)
    }

    /// The scripts that these import, and those that they import, by name.
    private static func imports(of scripts: [String], _ files: [String: [UInt8]]) -> [String] {
        var found = Set<String>()
        var open = scripts
        while let script = open.popLast() {
            let text = String(decoding: files[script] ?? [], as: UTF8.self)
            for match in text.matches(of: /from "\.\/([^"]+)"/) where found.insert(String(match.1)).inserted {
                open.append(String(match.1))
            }
        }
        return found.sorted()
    }
}
