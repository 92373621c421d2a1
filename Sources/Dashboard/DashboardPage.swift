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
        return Array(
            text("layout.html").replacing("{{title}}", with: title).replacing("{{module}}", with: name)
                .replacing("{{body}}", with: text("\(name).html")).utf8)
    }
}
