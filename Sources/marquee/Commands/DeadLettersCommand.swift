import Columnar
import Domain
import EventIngest
import Operations
import Platform
import Store

/// `marquee deadletters …`
enum DeadLettersCommand {
    private static let reason = Option<String>.text(
        "reason", "CODE,…", "Only messages that were refused for these reasons, such as 'unknown-kind'.")

    static let list: Command = Command(
        path: ["deadletters", "list"], summary: "List the messages that could not become rows.",
        details: """
            Where each came from, why it was refused, and how it begins. For programs 'payload' and 'key' are base64,
            and 'text' is the payload where it is UTF-8.
            """,
        options: [Options.store.spec, reason.spec, Options.format.spec], required: ["store"],
        examples: [
            .init(
                line: "deadletters list --store data --reason unknown-kind", meaning: "What was refused for one reason."
            ),
            .init(line: "deadletters list --store data --format jsonl", meaning: "One object a line, for scripts."),
        ]
    ) { invocation in
        let store = try invocation.store()
        let reasons = reasons(invocation)
        let form = try invocation.value(Options.format)
        try await BlockingWork.run("deadletters") { flag in
            let names = ["at", "topic", "partition", "offset", "reason", "detail", "text", "payload", "key"]
            var printer = RowPrinter(columns: names.map { ($0, .left) }, as: form)
            // Where events were only imported nothing was ever refused.
            let isImported = try store.openIfPresent(.deadLetters) == nil && store.openIfPresent(.events) != nil
            let letters = try isImported ? nil : DeadLetters(store: store)
            try letters?.forEach(reasons: reasons) { letter in
                try flag.check()
                if form == .table { print(letter) } else { printer.print(values(of: letter)) }
                return true
            }
            if form == .table { StandardOutput.flush() } else { printer.finish() }
        }
    }

    /// Place and reason on one line, how the message begins on the next.
    private static func print(_ letter: DeadLetter) {
        let place = "\(Timestamp(seconds: letter.at.seconds))  \(letter.topic)[\(letter.partition)]@\(letter.offset)"
        let text = String(decoding: letter.payload.prefix(120), as: UTF8.self)
            .map { $0.isNewline || $0 == "\t" ? " " : $0 }
        for line in [place + "  " + letter.reason, "    " + String(text)] {
            StandardOutput.write(line: TextLayout.clipped(PrintableText.escaped(line), to: TextLayout.width))
        }
    }

    private static func values(of letter: DeadLetter) -> [Value] {
        let detail = letter.reason.dropFirst(letter.reasonCode.count + 1).drop { $0 == " " }
        return [
            .timestamp(letter.at), .string(letter.topic), .int(Int64(letter.partition)), .int(letter.offset),
            .string(letter.reasonCode), detail.isEmpty ? .null : .string(String(detail)),
            String(validating: letter.payload, as: UTF8.self).map { .string($0) } ?? .null, .binary(letter.payload),
            letter.key.map { .binary($0) } ?? .null,
        ]
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
        let store = try invocation.store()
        let properties = try KafkaOptions.properties(invocation)
        let sent = try await DeadLetters.replay(from: store, to: properties, reasons: reasons(invocation))
        StandardOutput.write(line: "sent \(Figure.count(sent)) messages again")
    }

    private static func reasons(_ invocation: Invocation) -> Set<String> {
        Set((invocation.optional(reason) ?? "").split(separator: ",").map(String.init))
    }
}
