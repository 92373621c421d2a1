/// One subcommand as the table declares it.
struct Command: Sendable {
    /// What is typed after `marquee`: one word, or two such as `store log`.
    let path: [String]
    /// One line for the overview.
    let summary: String
    /// What `--help` says below the usage line, wrapped as it is printed.
    var details = ""
    var arguments: [Argument] = []
    var options: [OptionSpec] = []
    /// Options without which the command cannot run, shown in the usage line.
    var required: Set<String> = []
    /// Whether `--kafka.<property> VALUE` reaches librdkafka.
    var takesKafkaProperties = false
    var examples: [Example]
    let run: @Sendable (Invocation) async throws -> Void

    var name: String { path.joined(separator: " ") }

    /// The options that can stand on its command line.
    var typedOptions: [OptionSpec] { options.filter { !$0.isNeverTyped } }

    struct Argument: Sendable {
        let name: String
        let summary: String
        var isOptional = false
        var choices: [String] = []
    }

    struct Example: Sendable {
        /// What to type after `marquee `.
        let line: String
        let meaning: String
    }
}

/// The words of the command that was typed, parsed and resolved: what a command's `run` is given.
struct Invocation: Sendable {
    let command: Command
    /// Positional arguments, as many as the command declares.
    let arguments: [String]
    let settings: Settings

    /// The value of an option that is required or has a default.
    /// - Throws: ``CommandLineError/missingOption(command:option:placeholder:environment:)`` if nothing sets it.
    func value<Value>(_ option: Option<Value>) throws -> Value {
        guard let value = optional(option) else {
            guard !option.spec.isNeverTyped else {
                throw CommandLineError.missingSecret(
                    command: command.name, option: option.spec.name, environment: option.spec.environmentName)
            }
            throw CommandLineError.missingOption(
                command: command.name, option: option.spec.name, placeholder: option.spec.placeholder ?? "",
                environment: option.spec.environmentName)
        }
        return value
    }

    /// The value of an option, or nil if nothing sets it. Bad text was refused when the settings were resolved.
    func optional<Value>(_ option: Option<Value>) -> Value? {
        precondition(
            command.options.contains { $0.name == option.spec.name }
                || CommandTable.common.contains { $0.name == option.spec.name },
            "'\(command.name)' does not declare --\(option.spec.name)")
        return settings[option.spec.name].flatMap { $0.value }.flatMap(option.read)
    }

    /// Whether nobody set the option, so that its value is the default of the table.
    func isDefault<Value>(_ option: Option<Value>) -> Bool {
        guard let setting = settings[option.spec.name] else { return true }
        if case .fallback = setting.source { return true }
        return false
    }

    /// - Throws: ``CommandLineError/conflict(first:second:)`` if the user set any of `options`, which mean nothing beside
    ///   `other`.
    func refuse(_ options: [OptionSpec], beside other: OptionSpec) throws {
        try refuse(options, beside: other.name)
    }

    /// The same for an option with a value: `solver exact`.
    func refuse(_ options: [OptionSpec], beside other: String) throws {
        for option in options {
            if case .flag? = settings[option.name]?.source {
                throw CommandLineError.conflict(first: other, second: option.name)
            }
        }
    }

    /// - Throws: ``CommandLineError/missingOption(command:option:placeholder:environment:)`` for `main` if the user typed any of
    ///   `options`, which mean nothing without it. From the environment or a file they may come for other commands.
    func refuse<Value>(_ options: [OptionSpec], without main: Option<Value>) throws {
        let isTyped = options.contains { if case .flag? = settings[$0.name]?.source { true } else { false } }
        if isTyped { _ = try value(main) }
    }

    /// - Throws: ``CommandLineError/missingOneOf(command:choices:)`` unless one of these is set.
    func needOne(of choices: [String], _ isGiven: Bool) throws {
        guard isGiven else { throw CommandLineError.missingOneOf(command: command.name, choices: choices) }
    }

    /// Properties to pass to librdkafka, by name.
    var kafkaProperties: [String: String] { settings.kafka.mapValues(\.value) }
}
