internal import Domain
internal import Foundation
public import HTTPServer

/// The web dashboard: pages and scripts that ask the REST API, like anyone's, and the stream of figures they live by.
///
///     let dashboard = Dashboard(stream: LiveStream(of: parts), pack: gzip)
///     let http = HTTPService(configuration, routes: routes + dashboard.routes)
///
/// The pages hold nothing of what is served: whoever has no key sees empty ones.
public struct Dashboard: Sendable {
    /// Where Debian's libjs-chart.js puts its file.
    public static let chartLibrary = "/usr/share/javascript/chart.js/chart.min.js"

    private let stream: LiveStream
    private let pages: [(page: DashboardPage, asset: DashboardAsset)]
    private let assets: [String: DashboardAsset]

    /// No script but ours runs, nothing is fetched from elsewhere, and no other site shows the pages in a frame.
    private static let policy: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ), ("Referrer-Policy", "no-referrer"),
    ]

    /// Reads the chart library, if it is installed; without it the pages show tables.
    /// - Parameters:
    ///   - chartLibrary: the path of its file.
    ///   - pack: makes gzip of bytes; nil where that cannot be had.
    public init(
        stream: LiveStream, chartLibrary: String = Dashboard.chartLibrary,
        pack: @Sendable ([UInt8]) -> [UInt8]? = { _ in nil }
    ) {
        self.stream = stream
        let files = DashboardFiles.all
        pages = DashboardPage.all.map { page in
            (page, DashboardAsset("text/html; charset=utf-8", page.html(files), headers: Self.policy, pack: pack))
        }
        var assets: [String: DashboardAsset] = [:]
        for (name, bytes) in files {
            guard let type = DashboardFiles.contentType(of: name) else { continue }
            assets[name] = DashboardAsset(type, bytes, headers: [], pack: pack)
        }
        if let library = try? Data(contentsOf: URL(fileURLWithPath: chartLibrary)) {
            assets["chart.js"] = DashboardAsset(
                "text/javascript; charset=utf-8", Array(library), headers: [], pack: pack)
        }
        self.assets = assets
    }

    /// Pages, their files, and `/v1/stream`.
    public var routes: [Route] {
        pages.map { page, asset in
            Route(
                .get, page.pattern, "The dashboard: \(page.title.lowercased()).", scope: .open, headers: [.ifNoneMatch],
                answers: [.text("text/html", "A page for people."), Self.unchanged]
            ) { request, _ in .now(asset.answer(to: request)) }
        } + [
            Route(
                .get, "/assets/{file}", "A file of the dashboard.", scope: .open, headers: [.ifNoneMatch],
                answers: [
                    Route.Answer(
                        200, ["text/javascript": .text(), "text/css": .text(), "image/svg+xml": .text()], "The file."),
                    Self.unchanged,
                ], problems: [Route.Problem(DashboardError.noSuchFile(name: ""))]
            ) { [assets] request, path in
                guard let asset = assets[path[0]] else {
                    return .now(
                        HTTPProblem(DashboardError.noSuchFile(name: path[0])).response(requestID: request.id))
                }
                return .now(asset.answer(to: request))
            }, stream.route,
        ]
    }

    private static let unchanged = Route.Answer(304, [:], "It is what the browser has.")
}
