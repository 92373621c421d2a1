/// What was typed, taken apart after the GNU conventions: `--opt=v`, `--opt v`, `-n5`, `-n 5`, options and arguments
/// in any order, `--` ends the options.
struct ParsedArguments: Sendable {
    enum Request: Sendable {
        case run(Command)
        /// `--help`, of everything or of a command or group.
        case help([String])
        case version
    }

    var request: Request
    var arguments: [String] = []
    /// Text by option name; the last one given counts, as everywhere.
    var flags: [String: String] = [:]
    /// librdkafka properties given as `--kafka.<property>`.
    var kafka: [String: String] = [:]
}

enum ArgumentParser {
    /// - Parameter words: the command line without the program's name.
    /// - Throws: ``CommandLineError``.
    static func parse(_ words: [String], table: CommandTable) throws -> ParsedArguments {
        var parsed = ParsedArguments(request: .help([]))
        var rest = words[...]
        // Options before the command are those that every command has.
        while let word = rest.first, word.hasPrefix("-") {
            rest = rest.dropFirst()
            if word == "--version" || word == "-V" {
                parsed.request = .version
                return parsed
            }
            if word == "--help" || word == "-h" { return parsed }
            try take(option: word, &rest, of: nil, into: &parsed)
        }
        guard let first = rest.popFirst() else { throw CommandLineError.noCommand }
        let command: Command
        if let group = table.group(first) {
            let names = group.map { $0.path[1] }
            guard let word = rest.popFirst() else {
                throw CommandLineError.missingSubcommand(group: first, choices: names)
            }
            if word == "--help" || word == "-h" {
                parsed.request = .help([first])
                return parsed
            }
            guard let found = group.first(where: { $0.path[1] == word }) else {
                if word.hasPrefix("-") { throw CommandLineError.missingSubcommand(group: first, choices: names) }
                throw CommandLineError.unknownCommand(
                    name: "\(first) \(word)",
                    suggestion: Suggestion.closest(to: word, among: names).map { "\(first) \($0)" })
            }
            command = found
        } else if let found = table.command([first]) {
            command = found
        } else {
            throw CommandLineError.unknownCommand(
                name: first, suggestion: Suggestion.closest(to: first, among: table.topLevelNames))
        }
        parsed.request = .run(command)
        try take(rest, of: command, into: &parsed)
        if case .run = parsed.request { try check(parsed.arguments, of: command) }
        return parsed
    }

    private static func take(_ words: ArraySlice<String>, of command: Command, into parsed: inout ParsedArguments)
        throws
    {
        var rest = words
        while let word = rest.popFirst() {
            if word == "--" {
                parsed.arguments += rest
                return
            }
            if word == "--help" || word == "-h" {
                parsed.request = .help(command.path)
                return
            }
            if word.hasPrefix("-") && word != "-" {
                try take(option: word, &rest, of: command, into: &parsed)
            } else {
                parsed.arguments.append(word)
            }
        }
    }

    private static func take(
        option word: String, _ rest: inout ArraySlice<String>, of command: Command?, into parsed: inout ParsedArguments
    ) throws {
        let specs = (command?.options ?? []) + CommandTable.common
        let name: String
        var inline: String?
        if word.hasPrefix("--") {
            let body = word.dropFirst(2)
            if let equals = body.firstIndex(of: "=") {
                name = String(body[..<equals])
                inline = String(body[body.index(after: equals)...])
            } else {
                name = String(body)
            }
            if command?.takesKafkaProperties == true, name.hasPrefix("kafka."), name.count > "kafka.".count {
                guard let value = inline ?? rest.popFirst() else {
                    throw CommandLineError.missingValue(option: "--\(name)", placeholder: "VALUE")
                }
                parsed.kafka[String(name.dropFirst("kafka.".count))] = value
                return
            }
        } else {
            let letters = word.dropFirst()
            guard let letter = letters.first, let spec = specs.first(where: { $0.short == letter }) else {
                throw CommandLineError.unknownOption(command: command?.name ?? "", option: word, suggestion: nil)
            }
            name = spec.name
            if letters.count > 1 { inline = String(letters.dropFirst()) }
        }
        guard let spec = specs.first(where: { $0.name == name }) else {
            let option = "--\(name)"
            let suggestion = Suggestion.closest(to: name, among: specs.map(\.name)).map { "--\($0)" }
            throw CommandLineError.unknownOption(command: command?.name ?? "", option: option, suggestion: suggestion)
        }
        guard !spec.isNeverTyped else {
            throw CommandLineError.secretOnCommandLine(
                option: "--\(spec.name)", environment: spec.environmentName,
                file: specs.first { $0.name == "\(spec.name)-file" }.map { "--\($0.name)" })
        }
        if spec.isFlag {
            parsed.flags[spec.name] = inline ?? "true"
        } else {
            guard let value = inline ?? rest.popFirst() else {
                throw CommandLineError.missingValue(option: "--\(spec.name)", placeholder: spec.placeholder ?? "")
            }
            let before = spec.isRepeatable ? parsed.flags[spec.name].map { "\($0)\n" } : nil
            parsed.flags[spec.name] = (before ?? "") + value
        }
    }

    private static func check(_ arguments: [String], of command: Command) throws {
        let declared = command.arguments
        let needed = declared.filter { !$0.isOptional }.count
        if arguments.count < needed {
            throw CommandLineError.missingArgument(command: command.name, argument: declared[arguments.count].name)
        }
        if arguments.count > declared.count {
            throw CommandLineError.unexpectedArgument(command: command.name, argument: arguments[declared.count])
        }
        for (argument, value) in zip(declared, arguments) where !argument.choices.isEmpty {
            guard argument.choices.contains(value) else {
                throw CommandLineError.invalidArgument(
                    argument: argument.name, value: value,
                    must: "be one of \(argument.choices.joined(separator: ", "))")
            }
        }
    }
}
