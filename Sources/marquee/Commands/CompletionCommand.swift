/// `marquee completion`
enum CompletionCommand {
    static let command: Command = Command(
        path: ["completion"], summary: "Print a completion script for a shell.",
        arguments: [
            .init(name: "SHELL", summary: "bash, zsh or fish.", choices: Completion.Shell.allCases.map(\.rawValue))
        ],
        examples: [
            .init(line: "completion bash > ~/.local/share/bash-completion/completions/marquee", meaning: "For bash."),
            .init(line: "completion fish > ~/.config/fish/completions/marquee.fish", meaning: "For fish."),
        ]
    ) { invocation in
        guard let shell = Completion.Shell(rawValue: invocation.arguments[0]) else { return }
        StandardOutput.write(Completion.script(shell, .standard))
    }
}
