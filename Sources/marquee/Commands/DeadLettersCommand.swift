import Domain
import EventIngest
import Kafka
import Operations
import Platform
import Store

/// `marquee deadletters …`
enum DeadLettersCommand {
    private static let reason = Option<String>.text(
        "reason", "CODE,…", "Only messages that were refused for these reasons, such as 'unknown-kind'.")

    static let list: Command = Command(
        path: ["deadletters", "list"], summary: "List the messages that could not become rows.",
        options: [Options.store.spec, reason.spec], required: ["store"],
        examples: [
            .init(
                line: "deadletters list --store data --reason unknown-kind",
                meaning: "Where each came from, why it was refused, and its first bytes.")
        ]
    ) { invocation in
        let store = try EventStore(at: invocation.value(Options.store))
        let reasons = reasons(invocation)
        try await BlockingWork.run("deadletters") { flag in
            try DeadLetters(store: store).forEach(reasons: reasons) { letter in
                try flag.check()
                let text = PrintableText.escaped(
                    String(
                        String(decoding: letter.payload.prefix(120), as: UTF8.self)
                            .map { $0.isNewline || $0 == "\t" ? " " : $0 }))
                StandardOutput.write(
                    line:
                        "\(letter.at)\t\(letter.topic)[\(letter.partition)]@\(letter.offset)\t\(letter.reason)\t\(text)"
                )
                return true
            }
        }
    }

    static let replay: Command = Command(
        path: ["deadletters", "replay"], summary: "Send refused messages again to the topics they came from.",
        details: """
            For when what refused them has been mended. Each is sent once however often this is called; what is refused
            again comes back as a new dead letter.
            """,
        options: [Options.store.spec, Options.bootstrapServers.spec, Options.kafkaConfig.spec, reason.spec],
        required: ["store"], takesKafkaProperties: true,
        examples: [
            .init(
                line: "deadletters replay --store data --bootstrap-servers localhost:9092 --reason time-out-of-window",
                meaning: "After the clock was put right.")
        ]
    ) { invocation in
        let store = try EventStore(at: invocation.value(Options.store))
        let properties = try KafkaOptions.properties(invocation)
        let reasons = reasons(invocation)
        try await properties.requireBroker()
        let sent = try await BlockingWork.run("deadletters") { _ in
            try DeadLetters(store: store).replay(
                to: properties, reasons: reasons, observer: .logging)
        }
        StandardOutput.write(line: "sent \(Figure.count(sent)) messages again")
    }

    private static func reasons(_ invocation: Invocation) -> Set<String> {
        Set((invocation.optional(reason) ?? "").split(separator: ",").map(String.init))
    }
}
