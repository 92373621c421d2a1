import Foundation
import TestSupport
import Testing

/// What lies in `deploy/` fits the program and the tools that read it.
@Suite("Deployment", .timeLimit(.minutes(10)))
struct DeploymentTests {
    private static let folder = Checkout.root.appending(path: "deploy")
    private static let analyze = "/usr/bin/systemd-analyze"
    private static let validate = Checkout.root.appending(path: ".venv/bin/kubernetes-validate").path
    private static let airflow = Checkout.root.appending(path: ".venv-airflow/bin/airflow").path

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    @Test(
        "systemd takes the units and the timer",
        .enabled(if: FileManager.default.isExecutableFile(atPath: analyze), "systemd-analyze is not installed"))
    func systemd() async throws {
        try await withTemporaryFolder { folder in
            let units = try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: "systemd").path)
                .filter { $0.hasSuffix(".service") || $0.hasSuffix(".timer") }
            #expect(units.count == 5)
            for unit in units {
                // The program is where it was built, not where it would be installed.
                let text = try Self.text("systemd/\(unit)")
                    .replacing("/usr/local/bin/marquee", with: MarqueeProcess.program.path)
                try Data(text.utf8).write(to: folder.appending(path: unit))
            }
            let (status, output) = try await runCommand(
                Self.analyze, ["verify", "--man=no"] + units.map { folder.appending(path: $0).path })
            #expect(status == 0 && output.isEmpty, "\(output)")
        }
    }

    @Test("every option of the units, of Kubernetes' and of the settings file is one of its command")
    func options() async throws {
        try await withTemporaryFolder { folder in
            let settings = folder.appending(path: "marquee.yaml")
            try Data(try Self.text("systemd/marquee.yaml").utf8).write(to: settings)
            for command in ["ingest", "serve", "train"] {
                let shown = try await MarqueeProcess.run(
                    ["config", command, "--config", settings.path], in: folder)
                #expect(shown.status == 0, "\(command): \(shown.errors)")
            }
        }
    }

    @Test(
        "Kubernetes' own schemas take the objects",
        .enabled(if: FileManager.default.isExecutableFile(atPath: validate), "needs kubernetes-validate: make venv"))
    func kubernetes() async throws {
        let (status, output) = try await runCommand(
            Self.validate, ["--strict", Self.folder.appending(path: "kubernetes/marquee.yaml").path])
        #expect(status == 0 && output.contains("cronjob/marquee-train"), "\(output)")
    }

    @Test(
        "the compose file has every part, mounts what is there, and its commands are ours",
        .enabled(if: Checkout.python != nil, "needs .venv: make venv"))
    func compose() async throws {
        let found = try await Loop.python("deploy/compose.py", [Self.folder.appending(path: "compose.yaml").path])
        let services = try #require(found["services"] as? [String: [String: Any]])
        for part in ["kafka", "elasticsearch", "kibana", "postgres", "prometheus", "grafana"] {
            #expect(services[part] != nil, "\(part)")
        }
        #expect(found["missing"] as? [String] == [])
        #expect(found["open_ports"] as? [String] == [], "ports are of this machine only")
        try await withTemporaryFolder { folder in
            for (name, service) in services {
                guard let words = service["command"] as? [String] else { continue }
                let help = try await Loop.run([words[0], "--help"], in: folder)
                for word in words where word.hasPrefix("--") { #expect(help.contains(word), "\(name): \(word)") }
            }
        }
    }

    @Test("every metric that the dashboard and the alerts ask for is one that serve and ingest show")
    func metrics() async throws {
        try await withTemporaryFolder { folder in
            let (data, models) = try await Loop.trained(in: folder)
            let broker = try MarqueeProcess(["broker"], in: folder)
            let kafka = ["--bootstrap-servers", try await broker.line(after: "bootstrap.servers=")]
            // Among films one that is none: a dead letter.
            let films = folder.appending(path: "films.jsonl")
            try Data(#"{"id":"x1","title":"X"}"#.utf8).write(to: films)
            try await Loop.run(["import", "tmdb", films.path] + kafka, in: folder)
            try await Loop.run(["simulate", "--count", "300", "--malformed", "0.1"] + kafka, in: folder)
            let fresh = folder.appending(path: "fresh").path
            let ingest = try MarqueeProcess(
                [
                    "ingest", "--store", fresh, "--metrics-port", "0", "--enrich-every", "1s", "--create-topics", "1",
                ] + kafka, in: folder)
            let serve = try MarqueeProcess(
                ["serve", "--store", data, "--models", models, "--port", "0"] + kafka, in: folder)
            let addresses = [
                try await ingest.address(), try await serve.address(),
            ]
            var shown = Set<String>()
            let wanted = try Self.wanted()
            #expect(wanted.count > 15)
            try? await eventually("all metrics are there", patience: .seconds(60)) {
                for address in addresses {
                    let client = Client(address)
                    defer { client.close() }
                    _ = try await client.get("/v1/users/u1/recommendations?n=3")
                    for line in try await client.get("/metrics").body.split(separator: "\n") where !line.hasPrefix("#")
                    {
                        shown.insert(String(line.prefix { $0 != "{" && $0 != " " }))
                    }
                }
                return wanted.isSubset(of: shown)
            }
            #expect(wanted.subtracting(shown) == [])
            for process in [serve, ingest, broker] {
                process.signal(SIGINT)
                #expect(try await process.result().status == 0, "\(process.errors)")
            }
        }
    }

    /// Names of metrics in what Grafana and Prometheus are told to ask.
    private static func wanted() throws -> Set<String> {
        let name = /marquee_[a-z0-9_]+/
        let alerts = try text("prometheus/alerts.yml").split(separator: "\n").filter { $0.contains("expr:") }
        let board = try JSONSerialization.jsonObject(with: Data(try text("grafana/dashboards/marquee.json").utf8))
        let panels = try #require((board as? [String: Any])?["panels"] as? [[String: Any]])
        let targets = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
        let queries = targets.compactMap { $0["expr"] as? String } + alerts.map(String.init)
        #expect(targets.count >= panels.count && queries.allSatisfy { $0.contains("marquee_") })
        return Set(queries.flatMap { $0.matches(of: name).map { String($0.output) } })
    }

    @Test(
        "Airflow imports the DAG without an error, and in nightly runs walks through it",
        .enabled(if: FileManager.default.isExecutableFile(atPath: airflow), "needs Airflow: scripts/venv airflow"))
    func dag() async throws {
        try await withTemporaryFolder { folder in
            let home = [
                "AIRFLOW_HOME=\(folder.appending(path: "airflow").path)",
                "AIRFLOW__CORE__DAGS_FOLDER=\(Self.folder.appending(path: "airflow").path)",
                "AIRFLOW__CORE__LOAD_EXAMPLES=False", "MARQUEE_PROGRAM=\(MarqueeProcess.program.path)",
                "MARQUEE_STORE=\(folder.appending(path: "data").path)",
                "MARQUEE_MODELS=\(folder.appending(path: "models").path)",
                "MARQUEE_STATE=\(folder.appending(path: "state").path)",
                // So few users speak for no model by themselves.
                "MARQUEE_TRAIN_OPTIONS='--rank 8 --epochs 2 --promote always'",
            ].joined(separator: " ")
            func run(_ words: String) async throws -> (Int32, String) {
                let command = "cd '\(folder.path)' && env \(home) '\(Self.airflow)' \(words)"
                let result = try await runCommand("/bin/sh", ["-c", command])
                return (result.status, result.output)
            }
            #expect(try await run("db migrate").0 == 0)
            let (_, reserialized) = try await run("dags reserialize")
            let (_, errors) = try await run("dags list-import-errors -o json 2> /dev/null")
            // Either is said of none, beside warnings about packages that draw graphs.
            #expect(errors.contains("No data found") || errors.hasSuffix("[]\n"), "\(errors)\(reserialized)")
            // A file that holds no DAG is passed over in silence.
            let (_, listed) = try await run("dags list -o plain 2> /dev/null")
            #expect(listed.contains("marquee_retrain"), "\(listed)")
            guard Effort.rounds(0, nightly: 1) == 1 else { return }
            _ = try await Loop.trained(in: folder)
            try FileManager.default.removeItem(at: folder.appending(path: "models"))
            let (status, output) = try await run("dags test marquee_retrain")
            #expect(status == 0, "\(output.suffix(4000))")
            let models = try await Loop.run(
                ["models", "show", "current", "--models", folder.appending(path: "models").path, "--format", "json"],
                in: folder)
            #expect(try Loop.json(models)["id"] as? String != nil, "\(models)")
        }
    }
}

extension MarqueeProcess {
    /// The address that the process says it listens on.
    fileprivate func address() async throws -> String {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            if let match = (output + errors).firstMatch(of: /http: listening host=(\S+) port=([0-9]+)/) {
                return "http://\(match.output.1):\(match.output.2)"
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure(description: "no address: \(output)\(errors)")
    }
}
