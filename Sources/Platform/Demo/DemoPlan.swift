public import Domain
internal import EventIngest
public import HTTPServer
internal import Operations
internal import Trainer

/// What one run of the demo works with.
public struct DemoPlan: Sendable {
    /// Where the events come from that there are before it serves.
    public enum History: Sendable {
        /// Films to watch, and how many events to begin with.
        case simulated(films: [Movie], events: Int)
        /// A folder of MovieLens files, and its films.
        case movielens(folder: String, films: [Movie])
    }

    /// Where to serve.
    public let http: HTTPServerConfiguration
    /// Folder of the store.
    public let data: String
    /// Folder of the model registry.
    public let models: String
    /// What happens before it serves.
    public let history: History
    /// Who may ask; nil to ask nobody for a key.
    public let access: AccessControl?
    /// Events a second while it serves.
    public let liveRate = 5.0

    /// - Parameters: see the properties of the same names.
    /// - Throws: `HTTPServerError` if the port cannot be had: twenty seconds of work would end badly.
    public init(
        http: HTTPServerConfiguration, data: String, models: String, history: History, access: AccessControl? = nil
    ) async throws {
        self.access = access
        self.http = http
        self.data = data
        self.models = models
        self.history = history
        let probe = HTTPServer(http) { _ in .now(HTTPResponse(status: 503)) }
        try probe.start()
        await probe.stop(grace: .zero)
    }

    /// The catalogue.
    public var films: [Movie] {
        switch history {
        case .simulated(let films, _), .movielens(_, let films): films
        }
    }

    /// The audience that sent the simulated history: the same seed and size have the same tastes.
    var audience: SimulatorSettings {
        var settings = SimulatorSettings()
        if case .simulated(_, let events) = history {
            settings = .history(weeks: 8, until: .now, count: events)
        }
        return settings
    }
}
