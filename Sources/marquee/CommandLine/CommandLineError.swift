import Domain

/// What can be wrong with what was typed or configured.
enum CommandLineError: Fault {
    case noCommand
    case unknownCommand(name: String, suggestion: String?)
    case missingSubcommand(group: String, choices: [String])
    case unknownOption(command: String, option: String, suggestion: String?)
    case missingValue(option: String, placeholder: String)
    case invalidValue(option: String, value: String, source: Settings.Source, must: String)
    case missingOption(command: String, option: String, placeholder: String, environment: String)
    case missingArgument(command: String, argument: String)
    case unexpectedArgument(command: String, argument: String)
    case invalidArgument(argument: String, value: String, must: String)
    case conflict(first: String, second: String)
    case unknownSetting(key: String, file: String, line: Int, suggestion: String?)
    case malformedSetting(key: String, file: String, line: Int)

    var code: String {
        switch self {
        case .noCommand, .unknownCommand, .missingSubcommand: "unknown-command"
        case .unknownOption: "unknown-option"
        case .missingValue, .missingOption, .missingArgument: "missing-value"
        case .invalidValue, .invalidArgument: "invalid-value"
        case .unexpectedArgument: "unexpected-argument"
        case .conflict: "conflicting-options"
        case .unknownSetting, .malformedSetting: "invalid-configuration"
        }
    }

    var message: String {
        switch self {
        case .noCommand: "No command was given."
        case .unknownCommand(let name, _): "There is no command '\(name)'."
        case .missingSubcommand(let group, _): "'marquee \(group)' needs to know what to do."
        case .unknownOption(let command, let option, _):
            command.isEmpty ? "There is no option '\(option)'." : "'marquee \(command)' has no option '\(option)'."
        case .missingValue(let option, let placeholder): "Option \(option) needs a value (\(placeholder))."
        case .invalidValue(let option, let value, let source, let must):
            "--\(option) is '\(value)' (\(source)) but it must \(must)."
        case .missingOption(let command, let option, let placeholder, _):
            "'marquee \(command)' needs --\(option) \(placeholder)."
        case .missingArgument(let command, let argument): "'marquee \(command)' needs \(argument)."
        case .unexpectedArgument(let command, let argument):
            "'marquee \(command)' does not expect '\(argument)'."
        case .invalidArgument(let argument, let value, let must): "\(argument) is '\(value)' but it must \(must)."
        case .conflict(let first, let second): "--\(first) and --\(second) cannot be given together."
        case .unknownSetting(let key, let file, let line, _): "\(file):\(line): there is no setting '\(key)'."
        case .malformedSetting(let key, let file, let line):
            "\(file):\(line): '\(key)' has a value of the wrong form."
        }
    }

    var advice: String {
        switch self {
        case .noCommand: "Try 'marquee help'."
        case .unknownCommand(_, let suggestion):
            suggestion.map { "Did you mean '\($0)'?" } ?? "'marquee help' lists the commands."
        case .missingSubcommand(_, let choices): "Choose one of \(choices.joined(separator: ", "))."
        case .unknownOption(let command, _, let suggestion):
            suggestion.map { "Did you mean '\($0)'?" } ?? "See '\(Self.help(command))'."
        case .missingValue: ""
        case .invalidValue: ""
        case .missingOption(let command, _, _, let environment):
            "Give it, or set \(environment), or put it into the file of --config; see '\(Self.help(command))'."
        case .missingArgument(let command, _), .unexpectedArgument(let command, _): "See '\(Self.help(command))'."
        case .invalidArgument, .conflict: ""
        case .unknownSetting(_, _, _, let suggestion):
            suggestion.map { "Did you mean '\($0)'?" } ?? "'marquee config' lists the settings."
        case .malformedSetting: "Write plain text or a list of plain texts."
        }
    }

    var category: FaultCategory { .usage }

    private static func help(_ command: String) -> String {
        command.isEmpty ? "marquee help" : "marquee \(command) --help"
    }
}
