/// Completion scripts for shells, made from the command table.
enum Completion {
    enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    static func script(_ shell: Shell, _ table: CommandTable) -> String {
        switch shell {
        case .bash: bash(table)
        // zsh runs bash completions through its own adapter.
        case .zsh: "#compdef marquee\nautoload -U +X bashcompinit && bashcompinit\n" + bash(table)
        case .fish: fish(table)
        }
    }

    private static func words(_ command: Command) -> [String] {
        (command.typedOptions + CommandTable.common).map { "--\($0.name)" } + command.arguments.flatMap(\.choices)
    }

    private static func bash(_ table: CommandTable) -> String {
        var text = """
            _marquee() {
                local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""
                case "$before" in

            """
        for (options, choices) in choices(table) {
            text += "        \(options)) COMPREPLY=($(compgen -W \"\(choices)\" -- \"$word\")); return ;;\n"
        }
        text += """
                esac
                case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in

            """
        for command in table.commands.sorted(by: { $0.path.count > $1.path.count }) {
            let pattern = command.path.count == 2 ? "\"\(command.name)\"" : "\"\(command.name) \"*"
            text += "        \(pattern)) words=\"\(words(command).joined(separator: " "))\" ;;\n"
        }
        text += """
                esac
                if [ "$COMP_CWORD" -eq 1 ]; then words="\(table.topLevelNames.joined(separator: " ")) --help --version"; fi
                if [ "$COMP_CWORD" -eq 2 ]; then
                    case "${COMP_WORDS[1]}" in

            """
        for name in table.topLevelNames {
            guard let group = table.group(name) else { continue }
            text += "            \(name)) words=\"\(group.map { $0.path[1] }.joined(separator: " "))\" ;;\n"
        }
        return text + """
                    esac
                fi
                COMPREPLY=($(compgen -W "$words" -- "$word"))
                # Without a word of ours, a file.
                if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$word")); fi
            }
            complete -F _marquee marquee

            """
    }

    /// Options with few values, and the values; options of the same values together. One that has other values in another
    /// command offers all of them: the shell asks by the option alone.
    private static func choices(_ table: CommandTable) -> [(String, String)] {
        var values: [String: [String]] = [:]
        for spec in table.commands.flatMap(\.typedOptions) + CommandTable.common {
            for choice in spec.choices where values[spec.name]?.contains(choice) != true {
                values[spec.name, default: []].append(choice)
            }
        }
        var options: [String: [String]] = [:]
        for (name, choices) in values { options[choices.joined(separator: " "), default: []].append("--\(name)") }
        return options.map { ($0.value.sorted().joined(separator: "|"), $0.key) }.sorted { $0.0 < $1.0 }
    }

    private static func fish(_ table: CommandTable) -> String {
        func quoted(_ text: String) -> String {
            "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
        }
        var text = ""
        for name in table.topLevelNames {
            let meaning = table.command([name])?.summary ?? CommandTable.groupSummaries[name] ?? ""
            text += "complete -c marquee -n __fish_use_subcommand -f -a \(name) -d \(quoted(meaning))\n"
        }
        for command in table.commands {
            var condition = "__fish_seen_subcommand_from \(command.path[0])"
            if command.path.count == 2 {
                let group = table.group(command.path[0])?.map { $0.path[1] }.joined(separator: " ") ?? ""
                text += "complete -c marquee -n '\(condition); and not __fish_seen_subcommand_from \(group)' -f "
                text += "-a \(command.path[1]) -d \(quoted(command.summary))\n"
                condition += "; and __fish_seen_subcommand_from \(command.path[1])"
            }
            for spec in command.typedOptions + CommandTable.common {
                text += "complete -c marquee -n '\(condition)' -l \(spec.name) -d \(quoted(spec.summary))"
                if let short = spec.short { text += " -s \(short)" }
                if !spec.isFlag { text += " -r" }
                if !spec.choices.isEmpty { text += " -f -a \(quoted(spec.choices.joined(separator: " ")))" }
                text += "\n"
            }
        }
        return text
    }
}
