/// `marquee help [COMMAND]`
enum HelpCommand {
    static let command: Command = Command(
        path: ["help"], summary: "List the commands, or explain one.",
        arguments: [
            .init(name: "COMMAND", summary: "The command to explain.", isOptional: true),
            .init(name: "SUBCOMMAND", summary: "Its second word, for commands of two.", isOptional: true),
        ],
        examples: [
            .init(line: "help", meaning: "Lists all commands."),
            .init(line: "help store log", meaning: "The same as 'marquee store log --help'."),
        ]
    ) { invocation in
        StandardOutput.write(try text(invocation.arguments, .standard))
    }

    /// Help for everything (no words), a group or a command.
    static func text(_ path: [String], _ table: CommandTable) throws -> String {
        guard let first = path.first else { return Help.overview(table) }
        if let command = table.command(path) { return Help.command(command) }
        if path.count == 1, table.group(first) != nil { return Help.group(first, table) }
        try table.refuseIfPlanned(path)
        throw CommandLineError.unknownCommand(
            name: path.joined(separator: " "),
            suggestion: Suggestion.closest(to: path.joined(separator: " "), among: table.commands.map(\.name)))
    }
}
