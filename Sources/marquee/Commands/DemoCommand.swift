import Domain
import EventIngest
import HTTPServer
import Operations
import Platform

/// `marquee demo`
enum DemoCommand {
    static let command: Command = Command(
        path: ["demo"], summary: "Run the whole loop on this machine, ending with a server to try.",
        details: """
            An embedded broker, an audience that sends events to it, ingestion into Delta tables, training, evaluation
            against the popularity list, and serving, with events going on. Needs nothing but this program. A second
            run reuses the store and the model of the first; it trains anew when the store has 5 % more events than the
            model was trained on. Ctrl-C stops everything.
            """,
        options: [
            Options.port.spec, Options.events.spec, Options.movielens.spec, Options.data.spec, Options.demoModels.spec,
            Options.catalog.spec, Options.host.spec, Options.stateFolder.spec, Options.insecureDev.spec,
        ],
        examples: [
            .init(line: "demo", meaning: "200,000 simulated events on the demo catalogue."),
            .init(
                line: "demo --movielens ml-latest-small --port 8090", meaning: "Real ratings, on another port."),
        ]
    ) { invocation in
        let plan = try await DemoPlan(invocation)
        let reporter = DemoReporter()
        let demo = Demo(plan, tell: reporter.tell)
        let outcome = try await demo.run()
        // Stopped on the way there, the demo is not done; stopped while it serves, it is.
        if outcome == .stopped && !demo.hasServed { throw CancellationError() }
        StandardOutput.write(prose: "stopped; the store is in \(plan.data), the models are in \(plan.models)")
    }
}

extension DemoPlan {
    /// Checks everything that can be wrong before anything is started.
    fileprivate init(_ invocation: Invocation) async throws {
        let movielens = invocation.optional(Options.movielens)
        let history: History
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
        let http = HTTPServerConfiguration(
            host: try invocation.value(Options.host), port: try invocation.value(Options.port))
        let access = try await ServeCommand.access(invocation, http)
        try await self.init(
            http: http,
            data: invocation.optional(Options.data) ?? (movielens == nil ? "data" : "data/movielens"),
            models: invocation.optional(Options.demoModels) ?? (movielens == nil ? "models" : "models/movielens"),
            history: history, access: access)
    }
}
