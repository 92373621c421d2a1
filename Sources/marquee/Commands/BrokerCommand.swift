import Platform

/// `marquee broker`
enum BrokerCommand {
    static let command: Command = Command(
        path: ["broker"], summary: "Run the embedded development broker for other terminals.",
        details: """
            Speaks the Kafka protocol on 127.0.0.1, keeps everything in memory and forgets it when it
            ends. A partition holds at most 5 MiB: what is not read in time is lost, so it is for development only.
            Prints its address, then runs until it is interrupted. With --broker-port clients that run on find it
            again when it is started anew, with empty topics.
            """,
        options: [brokerPort.spec, Options.bootstrapFile.spec],
        examples: [
            .init(line: "broker", meaning: "Prints bootstrap.servers=127.0.0.1:PORT to give to the other commands."),
            .init(line: "broker --bootstrap-file /tmp/broker", meaning: "Leaves the address in a file for scripts."),
            .init(line: "broker --broker-port 9092", meaning: "Where clients look by habit, after each start."),
        ]
    ) { invocation in
        let broker = try BrokerService(
            port: invocation.optional(brokerPort), bootstrapFile: invocation.optional(Options.bootstrapFile))
        StandardOutput.write(line: "bootstrap.servers=\(broker.bootstrapServers)")
        StandardOutput.flush()
        try await broker.run()
    }

    /// Not `port`: that is the setting of what serves over HTTP, and one environment may hold both.
    private static let brokerPort = Option<Int>.integer(
        "broker-port", in: 1...65535, "Port of 127.0.0.1 at which clients find it; any free one by default.")
}
