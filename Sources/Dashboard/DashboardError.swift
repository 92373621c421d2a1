internal import Domain

/// What the dashboard cannot give.
enum DashboardError: Fault, Equatable {
    case noSuchFile(name: String)
    /// As many streams are open as there may be.
    case tooManyStreams(limit: Int)

    var code: String {
        switch self {
        case .noSuchFile: "no-such-file"
        case .tooManyStreams: "too-many-streams"
        }
    }

    var message: String {
        switch self {
        case .noSuchFile(let name): "The dashboard has no file \(name.prefix(100))."
        case .tooManyStreams(let limit): "\(limit) streams are open, and there may be no more."
        }
    }

    var advice: String {
        switch self {
        case .noSuchFile("chart.js"): "Install Debian's package libjs-chart.js; until then the pages show tables."
        case .noSuchFile: "Load the page again."
        case .tooManyStreams: "Close some, or ask /v1/freshness and /metrics now and then."
        }
    }

    var category: FaultCategory {
        switch self {
        case .noSuchFile: .notFound
        case .tooManyStreams: .unavailable
        }
    }
}
