import Platform

/// `marquee broker`
enum BrokerCommand {
    static let command: Command = Command(
        path: ["broker"], summary: "Run the embedded development broker for other terminals.",
        details: """
            Speaks the Kafka protocol on a free port of 127.0.0.1, keeps everything in memory and forgets it when it
            ends. A partition holds at most 5 MiB: what is not read in time is lost, so it is for development only.
            Prints its address, then runs until it is interrupted.
            """,
        options: [Options.bootstrapFile.spec],
        examples: [
            .init(line: "broker", meaning: "Prints bootstrap.servers=127.0.0.1:PORT to give to the other commands."),
            .init(line: "broker --bootstrap-file /tmp/broker", meaning: "Leaves the address in a file for scripts."),
        ]
    ) { invocation in
        let broker = try BrokerService(bootstrapFile: invocation.optional(Options.bootstrapFile))
        StandardOutput.write(line: "bootstrap.servers=\(broker.bootstrapServers)")
        StandardOutput.flush()
        try await broker.run()
    }
}
