import Domain
import EventIngest
import HTTPServer
import Operations
import Trainer

/// `marquee demo`
enum DemoCommand {
    static let command: Command = Command(
        path: ["demo"], summary: "Run the whole loop on this machine, ending with a server to try.",
        details: """
            An embedded broker, an audience that sends events to it, ingestion into Delta tables, training, evaluation
            against the popularity list, and serving, with events going on. Needs nothing but this program. A second
            run reuses the store and the model of the first. Ctrl-C stops everything.
            """,
        options: [
            Options.port.spec, Options.events.spec, Options.movielens.spec, Options.data.spec, Options.demoModels.spec,
            Options.catalog.spec, Options.host.spec,
        ],
        examples: [
            .init(line: "demo", meaning: "200,000 simulated events on the demo catalogue."),
            .init(
                line: "demo --movielens ml-latest-small --port 8090", meaning: "Real ratings, on another port."),
        ]
    ) { invocation in
        let plan = try await DemoPlan(invocation)
        let demo = Demo(plan)
        let outcome = try await demo.run()
        // Stopped on the way there, the demo is not done; stopped while it serves, it is.
        if outcome == .stopped && !demo.hasServed { throw CancellationError() }
        StandardOutput.write(line: "stopped; the store is in \(plan.data), the models are in \(plan.models)")
    }
}

/// What one run of the demo works with.
struct DemoPlan: Sendable {
    enum History: Sendable {
        /// Films to watch, and how many events to begin with.
        case simulated(films: [Movie], events: Int)
        case movielens(folder: String, films: [Movie])
    }

    let http: HTTPServerConfiguration
    let data: String
    let models: String
    let history: History
    /// Events a second while it serves.
    let liveRate = 5.0

    /// Checks everything that can be wrong before anything is started.
    init(_ invocation: Invocation) async throws {
        http = HTTPServerConfiguration(
            host: try invocation.value(Options.host), port: try invocation.value(Options.port))
        let movielens = invocation.optional(Options.movielens)
        data = invocation.optional(Options.data) ?? (movielens == nil ? "data" : "data/movielens")
        models = invocation.optional(Options.demoModels) ?? (movielens == nil ? "models" : "models/movielens")
        if let movielens {
            try invocation.refuse([Options.catalog.spec, Options.events.spec], beside: Options.movielens.spec)
            history = try await BlockingWork.run("movielens") { _ in
                var summary = ImportSummary()
                return .movielens(
                    folder: movielens, films: try MovieLens(path: movielens).movies(into: &summary))
            }
        } else {
            history = .simulated(
                films: try await DemoCatalogue.films(invocation), events: try invocation.value(Options.events))
        }
        // Twenty seconds of work end badly if the port turns out to be taken.
        let probe = HTTPServer(http) { _ in .now(HTTPResponse(status: 503)) }
        try probe.start()
        await probe.stop(grace: .zero)
    }

    var films: [Movie] {
        switch history {
        case .simulated(let films, _), .movielens(_, let films): films
        }
    }

    /// Six hundred films need fewer factors than MovieLens' ten thousand, which the defaults are made for.
    var parameters: ALSParameters {
        var parameters = ALSParameters()
        if case .simulated = history {
            parameters.rank = 32
            parameters.lambda = 0.05
        }
        return parameters
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
