import Domain

/// Manual pages, made from the command table: `marquee(1)`, and one for each command, `marquee-store-log(1)`.
///
/// Written in the `man` macros that both groff and mandoc read (man(7)).
enum ManualPage {
    /// Every page.
    /// - Returns: file names, such as `marquee-train.1`, and their text.
    static func all(_ table: CommandTable) -> [(name: String, text: String)] {
        [("marquee.1", overview(table))] + table.commands.map { ("\(title($0)).1", page($0)) }
    }

    private static func title(_ command: Command) -> String { "marquee-" + command.path.joined(separator: "-") }

    private static func overview(_ table: CommandTable) -> String {
        var page = Roff(title: "marquee", summary: "real-time movie recommendations in one program")
        page.section("SYNOPSIS")
        page.line(".B marquee")
        page.line(".I COMMAND")
        page.text("[options]")
        page.section("DESCRIPTION")
        page.text(
            """
            Events in through Kafka, an event store that any engine can read, a trainer on BLAS, and an API that answers
            from all of it. Each command has a page of its own.
            """)
        page.section("COMMANDS")
        for command in table.commands { page.item("\(title(command))(1)", command.summary) }
        page.section("OPTIONS OF EVERY COMMAND")
        for option in CommandTable.common { page.option(option) }
        page.section("ENVIRONMENT")
        page.text(
            """
            Every option may also be set by a variable: --bootstrap-servers by MARQUEE_BOOTSTRAP_SERVERS. A flag wins over
            a variable, a variable over the YAML file of --config, the file over the default. 'marquee config' shows the
            values in force and where each came from.
            """)
        exitStatus(&page)
        return page.roff
    }

    private static func page(_ command: Command) -> String {
        var page = Roff(title: title(command), summary: command.summary)
        page.section("SYNOPSIS")
        page.text(Help.usage(command))
        if !command.details.isEmpty {
            page.section("DESCRIPTION")
            page.text(command.details)
        }
        if !command.arguments.isEmpty {
            page.section("ARGUMENTS")
            for argument in command.arguments { page.item(argument.name, argument.summary) }
        }
        page.section("OPTIONS")
        for option in command.typedOptions { page.option(option) }
        if command.takesKafkaProperties {
            page.item("--kafka.PROPERTY VALUE", "Any librdkafka property, such as --kafka.security.protocol ssl.")
        }
        for option in CommandTable.common { page.option(option) }
        exitStatus(&page)
        page.section("EXAMPLES")
        for example in command.examples { page.item("marquee \(example.line)", example.meaning) }
        page.section("SEE ALSO")
        page.text("marquee(1)")
        return page.roff
    }

    private static func exitStatus(_ page: inout Roff) {
        page.section("EXIT STATUS")
        for (status, meaning) in [
            ("0", "Done, or a service that was asked to stop and did."),
            ("10", "Of 'train': the model is published, and kept out of service because nothing was shown for it."),
            ("11", "Of 'train': the model is published, and refused: shown to be worse, or against a rule."),
            ("64", "The command line or the configuration is wrong."),
            ("65", "What was asked for is not there, or input is malformed."),
            ("69", "A service, port or resource is not available now; trying again may help."),
            ("70", "A bug."),
            ("130", "Interrupted before it was done."),
        ] { page.item(status, meaning) }
    }
}

/// The text of one page as it grows.
private struct Roff {
    private(set) var roff: String

    init(title: String, summary: String) {
        // No date: the same sources give the same page.
        roff = ".TH \(title.uppercased()) 1 \"\" \"Marquee \(Release.version)\" \"Marquee Manual\"\n"
        // Commands are not to be hyphenated, nor lines filled with blanks.
        roff += ".nh\n.ad l\n"
        section("NAME")
        var line = summary.hasSuffix(".") ? String(summary.dropLast()) : summary
        line = line.prefix(1).lowercased() + line.dropFirst()
        roff += "\(Self.escaped(title)) \\- \(Self.escaped(line))\n"
    }

    mutating func section(_ name: String) { roff += ".SH \(name)\n" }

    /// A line of roff itself.
    mutating func line(_ request: String) { roff += request + "\n" }

    mutating func text(_ text: String) { roff += Self.escaped(text) + "\n" }

    /// A term in bold, and what it means, indented.
    mutating func item(_ term: String, _ meaning: String) {
        roff += ".TP\n\\fB\(Self.escaped(term))\\fR\n\(Self.escaped(meaning))\n"
    }

    mutating func option(_ option: OptionSpec) {
        let short = option.short.map { "\\fB\\-\($0)\\fR, " } ?? ""
        let value = option.placeholder.map { " \\fI\(Self.escaped($0))\\fR" } ?? ""
        var meaning = option.summary
        if !option.isFlag, let fallback = option.fallback { meaning += " Default: \(fallback)." }
        roff += ".TP\n\(short)\\fB\(Self.escaped("--" + option.name))\\fR\(value)\n\(Self.escaped(meaning))\n"
    }

    /// Text that says what it says: no line of it is a request, no backslash an escape, no hyphen a dash, and nothing
    /// stands outside of ASCII.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if !result.isEmpty { result += "\n" }
            if line.isEmpty { result += ".PP"; continue }
            if line.first == "." || line.first == "'" { result += "\\&" }
            for scalar in line.unicodeScalars {
                switch scalar {
                case "\\": result += "\\e"
                case "-": result += "\\-"
                case "'": result += "\\(aq"
                case "`": result += "\\(ga"
                case "^": result += "\\(ha"
                case "~": result += "\\(ti"
                case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
                default: result += "\\[u" + hexadecimal(scalar) + "]"
                }
            }
        }
        return result
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
