/// The text of `--help`, made from the command table.
enum Help {
    /// What `marquee help` prints.
    static func overview(_ table: CommandTable) -> String {
        var text = """
            Marquee: a real-time movie recommendation platform.

            Usage: marquee COMMAND [options]


            """
        let rows = table.topLevelNames.map { name -> (String, String) in
            if let group = table.group(name) {
                let words = group.map { $0.path[1] }.joined(separator: "|")
                return ("\(name) \(words)", CommandTable.groupSummaries[name] ?? "")
            }
            return (name, table.command([name])?.summary ?? "")
        }
        text += "Commands:\n" + columns(rows)
        text += "\nOptions of every command:\n" + columns(CommandTable.common.map(row))
        text += """

            'marquee COMMAND --help' shows the options of a command with examples. Options
            may also be set by MARQUEE_* variables and by the YAML file of --config;
            'marquee config' shows the values in force.

            """
        return text
    }

    /// What `marquee store --help` prints.
    static func group(_ name: String, _ table: CommandTable) -> String {
        let commands = table.group(name) ?? []
        var text = TextLayout.wrapped(CommandTable.groupSummaries[name] ?? "", indent: 0)
        text += "\n\nUsage: marquee \(name) COMMAND [options]\n\nCommands:\n"
        text += columns(commands.map { ("\($0.name)", $0.summary) })
        let hint = "'marquee \(name) COMMAND --help' shows the options of a command with examples."
        return text + "\n" + TextLayout.wrapped(hint, indent: 0) + "\n"
    }

    /// What `marquee train --help` prints.
    static func command(_ command: Command) -> String {
        var text = command.summary + "\n\n" + TextLayout.wrapped("Usage: " + usage(command), indent: 7) + "\n"
        if !command.details.isEmpty { text += "\n" + reflowed(command.details) + "\n" }
        if !command.arguments.isEmpty {
            text += "\nArguments:\n" + columns(command.arguments.map { ($0.name, $0.summary) })
        }
        if !command.options.isEmpty { text += "\nOptions:\n" + columns(command.typedOptions.map(row)) }
        if command.takesKafkaProperties {
            text += columns([
                ("    --kafka.PROPERTY VALUE", "Any librdkafka property, such as --kafka.security.protocol ssl.")
            ])
        }
        text += "\nOptions of every command:\n" + columns(CommandTable.common.map(row))
        text += "\nExamples:\n"
        for example in command.examples {
            text +=
                TextLayout.wrappedForShell("marquee \(example.line)", indent: 2) + "\n"
                + TextLayout.wrapped("      " + example.meaning, indent: 6) + "\n"
        }
        return text
    }

    /// Paragraphs broken anew at the width; indented lines stay as they are.
    private static func reflowed(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let last = lines.last, !last.isEmpty, !line.isEmpty, !line.hasPrefix(" "), !last.hasPrefix(" ") {
                lines[lines.count - 1] = last + " " + line
            } else {
                lines.append(line)
            }
        }
        return lines.map { $0.hasPrefix(" ") ? $0 : TextLayout.wrapped($0, indent: 0) }.joined(separator: "\n")
    }

    static func usage(_ command: Command) -> String {
        var words = ["marquee", command.name]
        for argument in command.arguments { words.append(argument.isOptional ? "[\(argument.name)]" : argument.name) }
        for option in command.options where command.required.contains(option.name) {
            words.append("--\(option.name) \(option.placeholder ?? "")")
        }
        if command.options.contains(where: { !command.required.contains($0.name) }) { words.append("[options]") }
        return words.joined(separator: " ")
    }

    private static func row(_ spec: OptionSpec) -> (String, String) {
        let short = spec.short.map { "-\($0), " } ?? "    "
        let value = spec.placeholder.map { " \($0)" } ?? ""
        let fallback = spec.isFlag ? "" : spec.fallback.map { " Default: \($0)." } ?? ""
        return (short + "--\(spec.name)\(value)", spec.summary + fallback)
    }

    /// Two columns: names, and wrapped meanings beside them (below, for a name too wide).
    private static func columns(_ rows: [(String, String)]) -> String {
        let left = min(28, rows.map { $0.0.count }.max() ?? 0)
        var text = ""
        for (name, meaning) in rows {
            let indent = 2 + left + 2
            let lead = "  " + name
            if name.count > left {
                text +=
                    lead + "\n" + TextLayout.wrapped(String(repeating: " ", count: indent) + meaning, indent: indent)
                    + "\n"
            } else {
                text +=
                    TextLayout.wrapped(
                        lead + String(repeating: " ", count: left - name.count + 2) + meaning, indent: indent)
                    + "\n"
            }
        }
        return text
    }
}
