import Foundation
import Operations

/// `marquee help [COMMAND]`
enum HelpCommand {
    static let command: Command = Command(
        path: ["help"], summary: "List the commands, or explain one.",
        arguments: [
            .init(name: "COMMAND", summary: "The command to explain.", isOptional: true),
            .init(name: "SUBCOMMAND", summary: "Its second word, for commands of two.", isOptional: true),
        ],
        options: [Options.manualPages.spec],
        examples: [
            .init(line: "help", meaning: "Lists all commands."),
            .init(line: "help store log", meaning: "The same as 'marquee store log --help'."),
            .init(line: "help --man /usr/local/share/man/man1", meaning: "Writes a manual page for each command."),
        ]
    ) { invocation in
        if let folder = invocation.optional(Options.manualPages) {
            try await BlockingWork.run("manual-pages") { _ in try writeManualPages(.standard, to: folder) }
        } else {
            StandardOutput.write(try text(invocation.arguments, .standard))
        }
    }

    /// - Throws: ``ResultFile/Failure`` if the folder, which is made where it is missing, cannot be written to.
    private static func writeManualPages(_ table: CommandTable, to folder: String) throws {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for page in ManualPage.all(table) { try ResultFile.write(Array(page.text.utf8), to: "\(folder)/\(page.name)") }
    }

    /// Help for everything (no words), a group or a command.
    static func text(_ path: [String], _ table: CommandTable) throws -> String {
        guard let first = path.first else { return Help.overview(table) }
        if let command = table.command(path) { return Help.command(command) }
        if path.count == 1, table.group(first) != nil { return Help.group(first, table) }
        throw CommandLineError.unknownCommand(
            name: path.joined(separator: " "),
            suggestion: Suggestion.closest(to: path.joined(separator: " "), among: table.commands.map(\.name)))
    }
}
