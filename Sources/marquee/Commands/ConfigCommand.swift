import Foundation
import Operations

/// `marquee config`
enum ConfigCommand {
    static let command: Command = Command(
        path: ["config"], summary: "Print the settings in force and where each came from.",
        details: """
            Settings come from the command line, then MARQUEE_* environment variables, then the YAML file of --config
            (or MARQUEE_CONFIG), then the defaults. Secrets are masked.
            """,
        arguments: [.init(name: "COMMAND", summary: "Only the settings of this command.", isOptional: true)],
        examples: [
            .init(line: "config --config marquee.yaml", meaning: "Shows what this file and the environment set."),
            .init(line: "config train", meaning: "Shows the settings 'marquee train' would run with."),
        ]
    ) { invocation in
        let table = CommandTable.standard
        let wanted = invocation.arguments.first
        if let wanted, !table.topLevelNames.contains(wanted) {
            throw CommandLineError.unknownCommand(
                name: wanted, suggestion: Suggestion.closest(to: wanted, among: table.topLevelNames))
        }
        let file = try invocation.optional(Options.config).map { try ConfigurationFile(path: $0, table: table) }
        let commands = table.commands.filter { wanted == nil || $0.path[0] == wanted }
        StandardOutput.write(try text(commands, invocation, file))
    }

    private struct Row: Hashable {
        let name: String
        let value: String
        let source: String
    }

    private static func text(_ commands: [Command], _ invocation: Invocation, _ file: ConfigurationFile?) throws
        -> String
    {
        var rows: [Row] = []
        var variants: [String: Set<Row>] = [:]
        var byCommand: [(command: String, row: Row)] = []
        for command in commands {
            let settings = try Settings.resolve(
                command, flags: commonFlags(invocation), kafkaFlags: [:],
                environment: ProcessInfo.processInfo.environment, file: file)
            for setting in settings.all where setting.spec.name != "help" {
                let secret = Secrets.isSecret(name: setting.spec.name)
                let value = setting.value.map { secret ? Secrets.mask : Secrets.masked($0) } ?? ""
                let row = Row(
                    name: setting.spec.name, value: value,
                    source: setting.value == nil ? "not set" : "\(setting.source)")
                variants[row.name, default: []].insert(row)
                byCommand.append((command.path[0], row))
            }
            for (name, entry) in settings.kafka {
                let value = Secrets.isSecret(name: name) ? Secrets.mask : Secrets.masked(entry.value)
                let row = Row(name: "kafka.\(name)", value: value, source: "\(entry.source)")
                variants[row.name, default: []].insert(row)
                byCommand.append((command.path[0], row))
            }
        }
        for (command, row) in byCommand {
            // One line a setting, unless a section or another default makes it differ between commands.
            let same = (variants[row.name]?.count ?? 0) < 2
            let shown = same ? row : Row(name: "\(command).\(row.name)", value: row.value, source: row.source)
            if !rows.contains(shown) { rows.append(shown) }
        }
        var table = TextTable([("SETTING", .left), ("VALUE", .left), ("SOURCE", .left)], overflow: .fold)
        for row in rows.sorted(by: { $0.name < $1.name }) { table.add([row.name, row.value, row.source]) }
        return table.text
    }

    /// The common options as typed for `config` itself, so that they show with their true source.
    private static func commonFlags(_ invocation: Invocation) -> [String: String] {
        var flags: [String: String] = [:]
        for setting in invocation.settings.all {
            if case .flag = setting.source, let value = setting.value { flags[setting.spec.name] = value }
        }
        return flags
    }
}
