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
}
