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
    /// A secret is needed, which no command line may hold.
    case missingSecret(command: String, option: String, environment: String)
    /// One of several is needed, whichever.
    case missingOneOf(command: String, choices: [String])
    /// A password was typed where others can read it.
    case secretOnCommandLine(option: String, environment: String, file: String?)
    /// - Parameter beside: the option with which the argument is needed.
    case missingArgument(command: String, argument: String, beside: String? = nil)
    /// - Parameter beside: the option that takes its place.
    case unexpectedArgument(command: String, argument: String, beside: String? = nil)
    case invalidArgument(argument: String, value: String, must: String)
    case conflict(first: String, second: String)
    case unknownSetting(key: String, file: String, line: Int, suggestion: String?)
    case malformedSetting(key: String, file: String, line: Int)

    var code: String {
        switch self {
        case .noCommand, .unknownCommand, .missingSubcommand: "unknown-command"
        case .unknownOption: "unknown-option"
        case .missingValue, .missingOption, .missingSecret, .missingArgument, .missingOneOf: "missing-value"
        case .secretOnCommandLine: "secret-on-command-line"
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
            "'marquee \(command)' needs --\(option)\(placeholder.isEmpty ? "" : " \(placeholder)")."
        case .missingSecret(let command, _, let environment): "'marquee \(command)' needs \(environment)."
        case .missingArgument(let command, let argument, let option):
            "'marquee \(command)' needs \(argument)\(option.map { " beside --\($0)" } ?? "")."
        case .missingOneOf(let command, let choices):
            "'marquee \(command)' needs \(choices.dropLast().joined(separator: ", ")) or \(choices.last ?? "")."
        case .secretOnCommandLine(let option, _, _):
            "\(option) stands on the command line, where others can read it (ps)."
        case .unexpectedArgument(let command, let argument, let option):
            "'marquee \(command)' does not expect '\(argument)'\(option.map { " beside --\($0)" } ?? "")."
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
        case .missingSecret(_, let option, _): "Set it in the environment, or \(option) in the file of --config."
        case .missingArgument(let command, _, _), .unexpectedArgument(let command, _, _), .missingOneOf(let command, _):
            "See '\(Self.help(command))'."
        case .secretOnCommandLine(_, let environment, let file):
            "Choose another password, and put it into \(environment)\(file.map { ", or into a file for \($0)" } ?? "")."
        case .invalidArgument: ""
        case .conflict(let first, let second): "Leave --\(first) or --\(second) out."
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
