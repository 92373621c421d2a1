import Domain

/// `marquee version`
enum VersionCommand {
    static let command: Command = Command(
        path: ["version"], summary: "Print the version.",
        examples: [.init(line: "version", meaning: "Prints the same as 'marquee --version'.")]
    ) { _ in
        StandardOutput.write(line: "marquee \(Release.version)")
    }
}
