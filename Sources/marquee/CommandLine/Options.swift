import Domain
import Operations

/// Every option, declared once: a name means the same thing in every command that has it.
enum Options {
    // Of every command.
    static let config = Option<String>.text("config", "FILE", "Read settings from this YAML file.")
    static let logLevel = Option<String>.choice(
        "log-level", Log.Level.allCases.map(\.name), default: "info", "Log at this level and above.")
    static let logFormat = Option<String>.choice(
        "log-format", Log.Format.allCases.map(\.name), default: "text", "Form of the log lines on standard error.")
    static let help = Option<Bool>.flag("help", short: "h", "Show this help.")

    // Where things are.
    static let store = Option<String>.text("store", "DIR", "The event store: a folder of Delta tables.")
    static let models = Option<String>.text("models", "DIR", "The model registry.")
    static let bootstrapServers = Option<String>.text(
        "bootstrap-servers", "HOST:PORT,…", "The Kafka cluster, as kafka-console-producer takes it.")
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
    static let followGroup = Option<String>.text(
        "follow-group", "GROUP",
        "Wait for this consumer group when it falls behind: the embedded broker forgets what is not read in time.")
}
