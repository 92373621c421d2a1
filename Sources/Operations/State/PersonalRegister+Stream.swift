public import Domain

extension PersonalRegister {
    /// What a person said of some purposes, as a message brought it.
    public struct Word: Sendable {
        /// Unique for ever: the same word has the same one, however often it is sent.
        public var id: String
        public var user: String
        public var choices: [PersonalChoice.Purpose: Bool]
        /// When it was said.
        public var at: Timestamp
        /// Who says so: see ``AuditedChange/who``.
        public var who: String

        public init(
            id: String, user: String, choices: [PersonalChoice.Purpose: Bool], at: Timestamp, who: String
        ) {
            self.id = id
            self.user = user
            self.choices = choices
            self.at = at
            self.who = who
        }
    }

    /// Writes words down that are not yet, each with its entry in the audit log, and moves the offsets of whoever read them:
    /// all of it, or nothing.
    /// - Returns: the source whose offset is not where the step begins; nothing has changed then.
    public func take(
        _ words: [Word], _ steps: [DeliveryLedger.Step], of consumer: String
    ) throws -> String? {
        var entries: [AuditEntry] = []
        let moved: String? = try state.write { file in
            if let moved = try DeliveryLedger.move(consumer, steps, in: file) { return moved }
            guard !words.isEmpty else { return nil }
            let key = try Self.key(in: file)
            for word in words {
                let subject = key.subject(word.user)
                // It may name the person, too.
                let event = SQLiteValue.blob(key.subject(word.id).bytes)
                var isNew = false
                for (purpose, isAllowed) in word.choices.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    let count = try file.run(
                        """
                        INSERT OR IGNORE INTO consents (subject, purpose, allowed, at, who, event)
                            VALUES (?, ?, ?, ?, ?, ?)
                        """,
                        [
                            .blob(subject.bytes), .text(purpose.rawValue), .integer(isAllowed ? 1 : 0),
                            .integer(word.at.microseconds), .text(word.who), event,
                        ])
                    if count > 0 { isNew = true }
                }
                guard isNew else { continue }
                let said = word.choices.map { "\($0.key.rawValue) \($0.value ? "on" : "off")" }.sorted()
                entries.append(
                    try AuditLog.append(
                        AuditedChange(
                            who: word.who, action: "privacy.consent",
                            target: "\(subject.hex.prefix(16)): \(said.joined(separator: ", "))", outcome: .done),
                        to: file))
            }
            return nil
        }
        for entry in entries { AuditLog.tell(entry) }
        return moved
    }
}
