import Domain
import EventIngest
import Operations
import Trainer

/// Every option, declared once: a name means the same thing in every command that has it.
enum Options {
    // Of every command.
    static let config = Option<String>.text("config", "FILE", "Read settings from this YAML file.")
    static let logLevel = Option<String>.choice(
        "log-level", Log.Level.allCases.map(\.name), default: "info", "Log at this level and above.")
    static let logFormat = Option<String>.choice(
        "log-format", Log.Format.allCases.map(\.name), default: "text", "Form of the log lines on standard error.")
    static let help = Option<Bool>.flag("help", short: "h", "Show this help.")

    // help
    static let manualPages = Option<String>.text("man", "DIR", "Write the manual pages into this folder instead.")

    // Where things are.
    static let store = Option<String>.text(
        "store", "DIR", "The event store: a folder of Delta tables, or s3://bucket/prefix.")
    static let models = Option<String>.text("models", "DIR", "The model registry: a folder, or s3://bucket/prefix.")
    static let objectEndpoint = Option<String>.text(
        "s3-endpoint", "URL", "Of the service that s3:// names; by default AWS_ENDPOINT_URL_S3, or Amazon's.")
    static let objectStyle = Option<String>.choice(
        "s3-style", ["path", "virtual"],
        "Where the bucket stands in addresses: by default the path at an endpoint, the host at Amazon's.")
    static let bootstrapServers = Option<String>(
        "bootstrap-servers", "HOST:PORT,…", "The Kafka cluster; also as a line that 'marquee broker' prints.",
        must: "be HOST:PORT, or several separated by commas"
    ) { text in
        let prefix = "bootstrap.servers="
        let servers = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
        return servers.isEmpty || servers.contains(where: \.isWhitespace) ? nil : servers
    }
    static let kafkaConfig = Option<String>.text(
        "kafka-config", "FILE", "Kafka properties as name=value lines: the client.properties that clusters hand out.")
    static let catalog = Option<String>.text(
        "catalog", "FILE", "Films as JSON Lines. By default the demo catalogue, data/films.jsonl.")

    // broker
    static let bootstrapFile = Option<String>.text(
        "bootstrap-file", "FILE", "Also write the address into this file, as bootstrap.servers=…")

    // simulate
    static let rate = Option<Double>.rate("rate", "Events a second; without it as fast as the broker takes them.")
    static let count = Option<Int>.integer("count", in: 1...Int.max, "Stop after this many events.")
    static let seed = Option<Int>.integer(
        "seed", in: 0...Int.max, default: 1, "The same seed gives the same random choices.")
    static let users = Option<Int>.integer(
        "users", in: 1...10_000_000, "Size of the audience. By default 2,000, or with --days a 60th of --count.")
    static let days = Option<Int>.integer(
        "days", in: 1...3650,
        "Spread the events over the last N days; needs --count. Otherwise they happen as they are sent.")
    static let malformed = Option<Double>.number(
        "malformed", "SHARE", in: 0...1, default: 0, "Share of messages that are damaged on purpose.")
    static let bots = Option<Double>.number(
        "bots", "SHARE", in: 0...1, default: 0, "Share of the users who are machines and click without taste.")
    static let truth = Option<String>.text(
        "truth", "FILE", "Write the planted tastes into this file when the events are sent, as JSON Lines.")
    static let followGroup = Option<String>.text(
        "follow-group", "GROUP",
        "Wait for this consumer group when it falls behind: the embedded broker forgets what is not read in time.")
}

extension Options {
    // What train and evaluate share: see ALSParameters for what the numbers mean.
    static let rank = Option<Int>.integer("rank", in: 1...1024, default: ALSParameters().rank, "Length of the factors.")
    static let epochs = Option<Int>.integer(
        "epochs", in: 1...10_000, default: ALSParameters().epochs, "Passes over both sides.")
    static let alpha0 = Option<Double>.number(
        "alpha0", in: 0...1e6,
        "Weight of what was not observed. By default the square root of the density of users × items.")
    static let lambda = Option<Double>.number(
        "lambda", in: 0...1e6,
        "Strength of the regularisation. By default what the shape of the data calls for; docs/als.md has the rule.")
    static let nu = Option<Double>.number(
        "nu", in: 0...1, default: Double(ALSParameters().nu),
        "How much it grows with the number of events; 0 is plain L2.")
    static let solver = Option<ALSParameters.Solver>(
        "solver", "cg|exact|ials++", default: "cg", choices: ALSParameters.Solver.allCases.map(\.rawValue),
        "Conjugate gradients; exact solutions, which are slower; or exact ones of a block of factors at a time.",
        must: "be cg, exact or ials++"
    ) { ALSParameters.Solver(rawValue: $0) }
    static let threads = Option<Int>.integer(
        "threads", in: 1...1024, "Processor cores to use; all by default. The factors do not depend on it.")

    static let block = Option<Int>.integer(
        "block", in: 16...1024, default: ALSParameters().block, "Factors that ials++ solves together, a multiple of 16."
    )
    static let cgSteps = Option<Int>.integer(
        "cg-steps", in: 1...100, "Steps of conjugate gradients a half-sweep; by default one or two, as many as pay.")
    static let preconditioner = Option<ALSParameters.Preconditioner>(
        "preconditioner", "auto|mean-row|none", default: "auto",
        choices: ALSParameters.Preconditioner.allCases.map(\.rawValue),
        "What speeds conjugate gradients up; none takes the textbook's steps, three of them.",
        must: "be auto, mean-row or none"
    ) { ALSParameters.Preconditioner(rawValue: $0) }
    static let precision = Option<ALSParameters.Precision>(
        "precision", "bfloat16|float32", default: "bfloat16",
        choices: ALSParameters.Precision.allCases.map(\.rawValue),
        "How conjugate gradients read the factors of the other side: in 16 bits each, or in 32.",
        must: "be bfloat16 or float32"
    ) { ALSParameters.Precision(rawValue: $0) }
    static let explicit = Option<Bool>.flag(
        "explicit", "Predict stars from reviews, with biases of users and items, instead of ranking by confidences.")
    static let nonnegative = Option<Bool>.flag(
        "nonnegative", "Hold the factors of an explicit model at 0 or above.")
    static let confidence = Option<String>.text(
        "confidence", "FILE", "Weights of events by kind and value, as JSON; docs/training.md has the form.")

    static let maxMemory = Option<Int>.bytes(
        "max-memory", "Refuse what would need more memory; by default what the machine and its control groups leave.")

    static let maxBadRows = Option<Double>.share(
        "max-bad-rows", default: "0.1%",
        "Refuse a table of which more rows are no events; fewer are left out and named.")

    // train
    static let warmStart = Option<String>.text(
        "warm-start", "MODEL", "Begin with the factors of this model, or 'current'; its rank and kind must be the same."
    )
    static let earlyStopping = Option<Int>.integer(
        "early-stopping", "PATIENCE", in: 1...1000,
        "Find the number of epochs, --epochs at most: stop after so many without a better one on a validation window.")
    static let version = Option<Int>.integer(
        "version", in: 0...Int.max, "This version of the table; the newest by default.")
    static let sinceVersion = Option<EventStart>(
        "since-version", "N|newest",
        "Read only what came since this version, whose events an earlier run with this option kept in the registry.",
        must: "be a version of the table, or newest"
    ) { text in
        text == "newest" ? .newest : Int64(text).flatMap { $0 >= 0 ? .version($0) : nil }
    }
    static let promote = Option<GateVerdict.Policy>(
        "promote", "if-better|always|never", default: "if-better",
        choices: GateVerdict.Policy.allCases.map(\.rawValue),
        "Whether the model goes into service: if-better compares it with the one in service.",
        must: "be if-better, always or never"
    ) { GateVerdict.Policy(rawValue: $0) }

    static let auto = Option<Bool>.flag(
        "auto",
        "Search for settings first, on a validation window: what is not given of rank, epochs, alpha0, lambda and "
            + "half-life.")
    static let keep = Option<Int>.integer(
        "keep", in: 1...1_000_000,
        "Leave this many of the newest models in the registry, and every one that was ever in service.")
    static let every = Option<Double>.seconds(
        "every", "Train again whenever this much time has passed and there are new events, until interrupted.")

    static let cron = Option<String>.text(
        "cron", "EXPR", "Train at these times: minute, hour, day of the month, month, day of the week.")
    static let timeZone = Option<String>.text(
        "time-zone", "NAME", default: "UTC", "Whose clock --cron goes by, such as Europe/Berlin.")
    static let jitter = Option<Double>.seconds(
        "jitter", "Put each time of --every or --cron off by up to so much, always the same for the same time.")
    static let onEvents = Option<Int>.integer(
        "on-events", in: 1...Int.max, "Train when so many events have come since the last run.")
    static let onDrift = Option<Bool>.flag(
        "on-drift", "Train when the newest events are not like those before; see 'marquee drift'.")
    static let once = Option<Bool>.flag(
        "once", "Make one run if one is due, and end: for a scheduler outside. Exit status 12 if none is.")

    // webhooks
    static let webhook = Option<[String]>.list(
        "webhook", "URL,…",
        "POST signed messages here: trainings, drift, changes of the model in service; with 'deliver' also each new list."
    )
    static let webhookSecretFile = Option<String>.text(
        "webhook-secret-file", "FILE", "What the messages are signed with: one secret a line, the newest first.")
    static let webhookAllowPrivate = Option<Bool>.flag(
        "webhook-allow-private", "Also send to addresses of private networks and of this machine.")

    static let reproduce = Option<String>.text(
        "reproduce", "MODEL", "Train this model again and compare the factors, byte for byte; publishes nothing.")
    static let halfLife = Option<Double>.seconds(
        "half-life", "Age at which an event counts half, such as 90d; without it events do not age.")

    // models export
    static let output = Option<String>.text("output", "PATH", "Where to write to.")
    static let exportForm = Option<ModelExport.Form>(
        "form", "npz|parquet", default: "npz", choices: ModelExport.Form.allCases.map(\.rawValue),
        "What to write.", must: "be npz or parquet"
    ) { ModelExport.Form(rawValue: $0) }

    // tune
    static let trials = Option<Int>.integer("trials", in: 1...10_000, default: 20, "How many settings to try.")
    static let minutes = Option<Double>.number(
        "minutes", "M", in: 0.01...100_000, "Begin no new measurement after so many minutes.")
    static let state = Option<String>.text(
        "state", "FILE", "Keep every measurement in this file; a search that was stopped goes on from it."
    ).set(as: "tune-state")

    // evaluate
    static let model = Option<String>.text(
        "model", "ID", default: "current", "The model, by the beginning of its name or hash, or 'current'.")
    static let train = Option<String>.text("train", "FILE", "Interactions to fit to, instead of a store and a model.")
    static let test = Option<String>.text("test", "FILE", "Interactions to measure on; goes with --train.")
    static let negatives = Option<String>.text(
        "negatives", "FILE", "Rank only these items beside the held-out ones; goes with --train.")
    static let cutoffs = Option<[Int]>.integers(
        "k", "K,…", in: 1...1000, default: "10,20,50", "Lengths of list to measure.")
    static let report = Option<String>.text("report", "FILE", "Write the report as one HTML file.")
    static let json = Option<String>.text("json", "FILE", "Write the report as JSON.")
    static let markdown = Option<String>.text(
        "markdown", "FILE", "Write a summary as Markdown, such as for a pull request.")
    static let holdOutFilms = Option<Double>.number(
        "hold-out-films", "SHARE", in: 0.001...0.5,
        "Also set whole films aside and find them by their content.")
    static let seeds = Option<Int>.integer(
        "seeds", in: 1...100, default: 5, "Draws of the films that are set aside.")
    static let folds = Option<Int>.integer(
        "folds", in: FoldTrial.allowed, "Also train at the beginnings of so many windows, and say how models age.")
    static let maxLoss = Option<Double>.number(
        "max-loss", "SHARE", in: 0.001...0.5, default: 0.02,
        "The loss of NDCG by age that retraining must keep away.")
    static let logs = Option<Bool>.flag("logs", "Evaluate what lists have shown and what came of it, instead.")
    static let clickWindow = Option<Double>.seconds(
        "click-window", default: "1d", "How long after something was shown an event counts for it.")
    static let split = Option<Split>(
        "split", "SPLIT", "How to hold out: time:0.9 (by default), after:TIME, last, or random:0.1.",
        must: "be time:SHARE, after:TIME, last or random:SHARE[:SEED]"
    ) { Split($0) }

    // recommend
    static let user = Option<String>.text("user", "ID", "The user.")
    static let out = Option<String>.text("out", "PATH", "A file that ends in .parquet, or a new folder.")
    static let includeSeen = Option<Bool>.flag("include-seen", "List items of the user's history, too.")
    static let number = Option<Int>.integer("number", short: "n", in: 1...10_000, default: 10, "How many items.")
}

extension Options {
    static let filter = Option<String>.text(
        "filter", "EXPRESSION", "Only films that it is true of, such as 'year >= 1990 and genre = \"Drama\"'.")
    static let filterParameters = Option<String>.text(
        "params", "JSON", "Values of the filter's $names, as an object: '{\"g\":[\"Drama\",\"Crime\"]}'.")
    static let excludeSeen = Option<String>.choice(
        "exclude-seen", ["none", "watched", "interacted"], default: "interacted",
        "What of the user's history stays out of the list.")

    // store, parquet
    static let asOf = Option<Timestamp>.time("as-of", "The table as it stood at this time.")
    static let columns = Option<[String]>.list("columns", "A,B", "Only these columns, in this order.")
    static let rowFormat = Option<RowPrinter.Form>(
        "format", "jsonl|json|csv|table", default: "jsonl", choices: RowPrinter.Form.allCases.map(\.rawValue),
        "JSON Lines and JSON, one array, keep the types of values.", must: "be jsonl, json, csv or table"
    ) { RowPrinter.Form(rawValue: $0) }.set(as: "output-format")
    static let format = Option<RowPrinter.Form>(
        "format", "table|json|jsonl|csv", default: "table", choices: RowPrinter.Form.allCases.map(\.rawValue),
        "A table for people; for programs one JSON value, JSON Lines or CSV.", must: "be table, json, jsonl or csv"
    ) { RowPrinter.Form(rawValue: $0) }.set(as: "output-format")
    static let reportFormat = Option<String>.choice(
        "format", ["text", "json"], default: "text",
        "Text for people, or everything there is to say as JSON for programs."
    ).set(as: "report-format")

    // keys, serve, and whatever changes something
    static let stateFolder = Option<String>.folder(
        "state", "DIR", default: "state", "Where the keys and the audit log lie.")
    static let reason = Option<String>.text("reason", "TEXT", "Why: kept in the audit log.").set(as: "audit-reason")

    // serve, demo
    static let insecureDev = Option<Bool>.flag(
        "insecure-dev", "Listen for other machines without a key: for development alone.")
    static let tlsCertificate = Option<String>.text(
        "tls-cert", "FILE", "Speak TLS with this chain of certificates in PEM; SIGHUP reads it again.")
    static let tlsKey = Option<String>.text("tls-key", "FILE", "Private key of the certificate, in PEM.")
    static let corsOrigin = Option<[String]>(
        "cors-origin", "URL,…", "Pages from here may read the answers, such as https://app.example.",
        must: "be origins such as https://app.example, without a path, separated by commas"
    ) { text in
        let origins = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return origins.allSatisfy(isOrigin) ? origins : nil
    }

    /// Scheme, host and perhaps a port, written as a browser sends it (RFC 6454, 6.1).
    private static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty
            && rest.utf8.allSatisfy {
                switch $0 {
                case 48...57, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["),
                    UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }
    static let port = Option<Int>.integer(
        "port", in: 0...65535, default: 8080, "Port to serve on; 0 takes any free one.")
    static let host = Option<String>.text(
        "host", "HOST", default: "127.0.0.1", "Address to serve on; 0.0.0.0 is reachable from other machines.")
    static let elasticsearch = Option<String>.text(
        "elasticsearch", "URL", "Ask this Elasticsearch or OpenSearch cluster instead of the embedded index.")
    static let elasticsearchUser = Option<String>.text("elasticsearch-user", "NAME", "User of the cluster.")
    static let elasticsearchPassword = Option<String>.text(
        "elasticsearch-password", "TEXT", "Its password."
    ).neverTyped
    static let elasticsearchAPIKey = Option<String>.text(
        "elasticsearch-api-key", "KEY", "An API key of the cluster instead of user and password."
    ).neverTyped
    static let unknownItems = Option<String>.choice(
        "unknown-items", ["show", "hide"], default: "hide",
        "Items that no film of the catalogue describes; without a catalogue all are shown.")
    static let elasticsearchIndex = Option<String>.text(
        "elasticsearch-index", "NAME", default: "movies",
        "Index of the catalogue, or an alias of one; made if absent.")
    static let contentDeadline = Option<Double>.number(
        "content-deadline", in: 0.01...600, default: 0.5,
        "Seconds that a list waits for similarity of content before it goes out without.")

    static let publishTimeout = Option<Double>.seconds(
        "publish-timeout", default: "2s", "Answer 503 to POST /v1/events if Kafka has not acknowledged by then.")

    static let logImpressions = Option<Bool>.flag(
        "log-impressions", "Write down in the topic impressions what each answered list shows, and how likely that was."
    )
    static let keepAnswers = Option<Double>.seconds(
        "keep-answers", default: "7d",
        "How long an answered list can be seen again at /v1/recommendations/ID, also after a restart.")
    static let keepAnswersSize = Option<Int>.bytes(
        "keep-answers-size", default: "1G",
        "What the file of answered lists in --state may take; of more the oldest go.")

    // demo
    static let events = Option<Int>.integer(
        "events", in: 1000...100_000_000, default: 200_000, "Events of simulated history to begin with.")
    static let movielens = Option<String>.text(
        "movielens", "DIR", "Use the ratings and films of this MovieLens folder instead of simulated history.")
    static let data = Option<String>.folder(
        "data", "DIR", "The event store of the demo. By default data, or data/movielens with --movielens.")
    static let demoModels = Option<String>.folder(
        "models", "DIR", "The models of the demo. By default models, or models/movielens with --movielens.")

    // ingest, simulate
    static let eventFormat = Option<String>(
        "format", "json|avro", default: "json", choices: ["json", "avro"],
        "How event messages are written; avro needs --schema-registry, or schema.registry.url in --kafka-config.",
        must: "be json or avro"
    ) { ["json", "avro"].contains($0) ? $0 : nil }
    static let schemaRegistry = Option<String>.text(
        "schema-registry", "URL", "The schema registry, such as http://localhost:8081.")
    static let schemaRegistryUser = Option<String>.text("schema-registry-user", "NAME", "User of the registry.")
    static let schemaRegistryPassword = Option<String>.text(
        "schema-registry-password", "TEXT", "Its password."
    ).neverTyped

    // ingest
    static let duplicateWindow = Option<Int>.integer(
        "duplicate-window", in: 0...10_000_000, default: 65_536,
        "Refuse an event whose event_id came among so many messages before it in its partition; 0 takes all.")
    static let keepText = Option<Bool>.flag(
        "keep-text", "Keep the words of reviews; without it their language and length alone are stored.")
    static let untilEnd = Option<Bool>.flag("until-end", "Stop once everything is stored that was there at the start.")
    static let group = Option<String>.text(
        "group", "NAME", "Share the partitions with all ingesters that give this name; without it this one reads all.")
    static let postgres = Option<String>.text(
        "postgres", "URL", "A PostgreSQL database for events, as libpq names it; better in MARQUEE_POSTGRES.")
    static let onDataLoss = Option<DataLossPolicy>(
        "on-data-loss", "stop|continue", default: "stop", choices: DataLossPolicy.allCases.map(\.rawValue),
        "What to do when the broker no longer has the messages at which the table goes on.",
        must: "be stop or continue"
    ) { DataLossPolicy(rawValue: $0) }
    static let createTopics = Option<Int>.integer(
        "create-topics", in: 1...10_000, "Create topics that are missing, with so many partitions.")
    static let replication = Option<Int>.integer(
        "replication", in: 1...32, "Copies of each partition of created topics; by default what the cluster says.")
    static let commitRows = Option<Int>.integer(
        "commit-rows", in: 1...Int.max, default: CommitPolicy().rows, "Commit after so many rows of a table.")
    static let commitBytes = Option<Int>.bytes(
        "commit-bytes", default: "128M", "Commit when the rows take so much memory; about three times that is used.")
    static let commitInterval = Option<Double>.seconds(
        "commit-interval", default: "1s", "Commit what is so old; files grow with it, and so does the delay.")
    static let tidy = Option<String>.choice(
        "tidy", ["on", "off"], default: "on",
        "Merge small files and remove what no kept version needs in the background, with the least priority.")
    static let history = Option<Double>.seconds(
        "history", default: "1h",
        "How long older versions stay readable of tables that this run makes; their log grows with it.")
    static let metricsPort = Option<Int>.integer(
        "metrics-port", in: 0...65535, "Serve Prometheus metrics at /metrics on this port; 0 takes any free one.")
    static let metricsHost = Option<String>.text(
        "metrics-host", "HOST", default: "127.0.0.1", "Address of the metrics; 0.0.0.0 is reachable from elsewhere.")
    static let reportEvery = Option<Double>.seconds(
        "report-every", default: "1m", "Log how far it is this often.")
    static let deadLetterTopic = Option<String>.text(
        "dead-letter-topic", "TOPIC", "Also send what cannot be decoded to this topic.")
    static let cluster = Option<String>.text(
        "cluster", "NAME", "Stands for the cluster's own identifier in the table, for clusters that change theirs.")
}
