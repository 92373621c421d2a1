import Operations

/// A YAML configuration file: settings by option name, sections for single commands, and `kafka`.
///
///     store: data
///     bootstrap-servers: kafka:9092
///     train:
///       rank: 128
///     kafka:
///       security.protocol: ssl
struct ConfigurationFile: Sendable {
    struct Entry: Sendable {
        let text: String
        let line: Int
    }

    let path: String
    private var general: [String: Entry] = [:]
    /// By command name and option name. The section of `store log` is `store`.
    private var sections: [String: [String: Entry]] = [:]
    private(set) var kafka: [String: Entry] = [:]

    /// Reads and checks a file: every key must be the name of an option or command. Blocks.
    init(path: String, table: CommandTable) throws {
        try self.init(YAML.read(fileAt: path), path: path, table: table)
    }

    init(_ root: YAMLNode, path: String, table: CommandTable) throws {
        self.path = path
        guard case .map(let map) = root.value else {
            throw CommandLineError.malformedSetting(key: "(the whole file)", file: path, line: root.line)
        }
        let options = table.optionNames
        for (key, node) in map {
            if key == "kafka" {
                try readKafka(node)
            } else if key.hasPrefix("kafka.") {
                kafka[String(key.dropFirst("kafka.".count))] = try entry(key, node)
            } else if case .map(let section) = node.value {
                guard table.topLevelNames.contains(key) else { throw unknown(key, node, among: table.topLevelNames) }
                let names = table.optionNames(of: key)
                for (name, value) in section {
                    guard names.contains(name) else { throw unknown("\(key).\(name)", value, among: names) }
                    sections[key, default: [:]][name] = try entry(name, value)
                }
            } else {
                guard options.contains(key) else { throw unknown(key, node, among: options) }
                general[key] = try entry(key, node)
            }
        }
    }

    /// What the file says of an option for a command: its section before the general part.
    func entry(_ option: OptionSpec, of command: Command) -> Entry? {
        let section = sections[command.path[0]]
        return section?[option.name] ?? section?[option.settingName] ?? general[option.settingName]
    }

    private mutating func readKafka(_ node: YAMLNode) throws {
        guard case .map(let map) = node.value else {
            throw CommandLineError.malformedSetting(key: "kafka", file: path, line: node.line)
        }
        for (name, value) in map { kafka[name] = try entry("kafka.\(name)", value) }
    }

    private func entry(_ key: String, _ node: YAMLNode) throws -> Entry {
        switch node.value {
        case .scalar(let text): return Entry(text: text, line: node.line)
        case .list(let items):
            let texts = try items.map { item in
                guard case .scalar(let text) = item.value else {
                    throw CommandLineError.malformedSetting(key: key, file: path, line: item.line)
                }
                return text
            }
            return Entry(text: texts.joined(separator: ","), line: node.line)
        case .map: throw CommandLineError.malformedSetting(key: key, file: path, line: node.line)
        }
    }

    private func unknown(_ key: String, _ node: YAMLNode, among names: some Sequence<String>) -> CommandLineError {
        let word = key.split(separator: ".").last.map(String.init) ?? key
        return .unknownSetting(
            key: key, file: path, line: node.line, suggestion: Suggestion.closest(to: word, among: names))
    }
}
