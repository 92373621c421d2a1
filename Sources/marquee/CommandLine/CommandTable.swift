/// The one declared table of commands: parsing, help, configuration and completion all read it.
struct CommandTable: Sendable {
    /// Options that every command has.
    static let common: [OptionSpec] = [
        Options.config.spec, Options.logLevel.spec, Options.logFormat.spec, Options.help.spec,
    ]

    /// What the groups of two-word commands are for.
    static let groupSummaries = [
        "store": "Look at and look after a Delta table: an event store of ours, or any other in the subset we read.",
        "deadletters": "Look at refused messages and send them again.",
        "parquet": "Look into a Parquet file.",
        "import": "Bring in history and catalogue from public file formats.",
        "catalog": "Search the films, count them, and fill a search index with them.",
        "models": "The model registry.",
        "keys": "Keys to the API.",
        "webhooks": "Messages that are signed and sent to others.",
        "mail": "Who gets digests of new lists by mail, and what became of the mails.",
        "privacy": "What was done, and to whose data.",
    ]

    /// In the order help lists them.
    let commands: [Command]

    func command(_ path: [String]) -> Command? { commands.first { $0.path == path } }

    /// The commands that begin with `name`, if it is the first of two words.
    func group(_ name: String) -> [Command]? {
        let members = commands.filter { $0.path.count == 2 && $0.path[0] == name }
        return members.isEmpty ? nil : members
    }

    /// First words, in order, each once.
    var topLevelNames: [String] {
        var names: [String] = []
        for command in commands where !names.contains(command.path[0]) { names.append(command.path[0]) }
        return names
    }

    /// Names of every option that a file or the environment may set.
    var optionNames: Set<String> {
        let specs = commands.flatMap(\.options) + Self.common
        return Set(specs.map(\.settingName)).subtracting(Self.unsettable)
    }

    /// Names of the options that the section `name` of a file may set.
    func optionNames(of name: String) -> Set<String> {
        let specs = commands.filter { $0.path[0] == name }.flatMap(\.options) + Self.common
        return Set(specs.map(\.name) + specs.map(\.settingName)).subtracting(Self.unsettable)
    }

    private static let unsettable: Set<String> = ["config", "help", "man"]

    /// `MARQUEE_*` variables that set nothing: misspelt, most likely.
    func unknownVariables(in environment: [String: String]) -> [String] {
        let known = Set(commands.flatMap(\.options).map(\.environmentName) + Self.common.map(\.environmentName))
        return environment.keys.filter {
            $0.hasPrefix("MARQUEE_") && !$0.hasPrefix("MARQUEE_KAFKA_") && !known.contains($0)
        }.sorted()
    }
}
