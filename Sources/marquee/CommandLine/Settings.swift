import Foundation
import Operations

/// The values in force for one command, and where each came from: flags before environment before file before defaults.
struct Settings: Sendable {
    enum Source: Sendable, CustomStringConvertible {
        case flag
        case environment(String)
        case file(path: String, line: Int)
        case fallback

        var description: String {
            switch self {
            case .flag: "command line"
            case .environment(let name): "environment \(name)"
            case .file(let path, let line): "\(path):\(line)"
            case .fallback: "default"
            }
        }
    }

    struct Setting: Sendable {
        let spec: OptionSpec
        /// nil if nothing sets it and it has no default.
        let value: String?
        let source: Source
    }

    /// In the order the command declares them.
    private(set) var all: [Setting] = []
    /// librdkafka properties by name.
    private(set) var kafka: [String: (value: String, source: Source)] = [:]

    subscript(name: String) -> Setting? { all.first { $0.spec.name == name } }

    /// Resolves every option of `command`.
    /// - Parameters:
    ///   - flags: what was typed, by option name.
    ///   - environment: the process's variables.
    ///   - file: the configuration file, if there is one.
    /// - Throws: ``CommandLineError`` for a value that breaks its option's rule, naming its source.
    static func resolve(
        _ command: Command, flags: [String: String], kafkaFlags: [String: String], environment: [String: String],
        file: ConfigurationFile?
    ) throws -> Settings {
        var settings = Settings()
        for spec in command.options + CommandTable.common {
            let setting = resolve(spec, of: command, flags, environment, file)
            if let value = setting.value, let must = spec.problem(value) {
                throw CommandLineError.invalidValue(
                    option: spec.name, value: Secrets.isSecret(name: spec.name) ? Secrets.mask : value,
                    source: setting.source, must: must)
            }
            settings.all.append(setting)
        }
        guard command.takesKafkaProperties else { return settings }
        for (name, entry) in file?.kafka ?? [:] {
            settings.kafka[name] = (entry.text, .file(path: file?.path ?? "", line: entry.line))
        }
        let prefix = "MARQUEE_KAFKA_"
        for (name, value) in environment where name.hasPrefix(prefix) {
            let property = name.dropFirst(prefix.count).lowercased().replacing("_", with: ".")
            settings.kafka[property] = (value, .environment(name))
        }
        for (name, value) in kafkaFlags { settings.kafka[name] = (value, .flag) }
        for (name, entry) in settings.kafka where Secrets.isSecret(name: name) { Secrets.register(entry.value) }
        return settings
    }

    private static func resolve(
        _ spec: OptionSpec, of command: Command, _ flags: [String: String], _ environment: [String: String],
        _ file: ConfigurationFile?
    ) -> Setting {
        if let text = flags[spec.name] { return Setting(spec: spec, value: text, source: .flag) }
        // An empty variable is how shells and compose files say "not set".
        if let text = environment[spec.environmentName], !text.isEmpty {
            return Setting(spec: spec, value: text, source: .environment(spec.environmentName))
        }
        if let file, let entry = file.entry(spec, of: command) {
            return Setting(spec: spec, value: entry.text, source: .file(path: file.path, line: entry.line))
        }
        return Setting(spec: spec, value: spec.fallback, source: .fallback)
    }
}
