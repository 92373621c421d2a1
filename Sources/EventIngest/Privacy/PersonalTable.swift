internal import Columnar
public import Domain
internal import Operations
public import Store

/// What a table of a store keeps about persons.
///
/// A row is of the user that its column names. In the dead letters, where nobody could read the message, a row is of every
/// user whose identifier stands in it: the message's key, a value of its JSON, or its bytes.
public struct PersonalTable: PersonalStore {
    public let declaration: PersonalDeclaration
    private let store: EventStore
    let contract: TableContract
    /// The columns that have identifiers of users, or messages.
    private let columns: [String]
    private let match: @Sendable (String) -> RowMatch

    /// The tables of a store that know persons.
    public static func all(of store: EventStore) -> [PersonalTable] {
        [events(store), impressions(store), deadLetters(store)]
    }

    private static func events(_ store: EventStore) -> PersonalTable {
        PersonalTable(
            declaration: PersonalDeclaration(
                name: "events", holds: "every view, like and review", purpose: "learning what to recommend",
                kept: "until retention or somebody takes them", covers: [TableContract.events.name],
                fields: [
                    .init(EventColumn.eventID, "to store each event once"),
                    .init(EventColumn.userID, "to learn whose taste it tells of"),
                    .init(EventColumn.itemID, "the film"), .init(EventColumn.kind, "how much it counts"),
                    .init(EventColumn.value, "how much it counts"),
                    .init(EventColumn.reviewText, "the words of a review, where writers were told to keep them"),
                    .init(EventColumn.at, "how much it counts; which day's files it is in"),
                    .init(EventColumn.source, "to find faults of a source"),
                    .init(EventColumn.topic, "to find it again in Kafka"),
                    .init(EventColumn.partition, "to find it again in Kafka"),
                    .init(EventColumn.offset, "to find it again in Kafka"),
                    .init(EventColumn.ingestedAt, "how late it came"),
                    .init(EventColumn.eventDate, "which day's files it is in"),
                    .init(EventColumn.reviewLanguage, "which languages reviews are in"),
                    .init(EventColumn.reviewLength, "how much reviews say"),
                ]),
            store: store, contract: .events, columns: [EventColumn.userID, EventColumn.eventID]
        ) { RowMatch(.compare(column: EventColumn.userID, .equal, .string($0))) }
    }

    private static func impressions(_ store: EventStore) -> PersonalTable {
        PersonalTable(
            declaration: PersonalDeclaration(
                name: "impressions", holds: "what lists showed somebody",
                purpose: "measuring lists by what people did with them", kept: "until retention or somebody takes them",
                covers: [TableContract.impressions.name],
                fields: [
                    .init(ImpressionColumn.impressionID, "to store each one once"),
                    .init(ImpressionColumn.recommendationID, "which answer it was part of"),
                    .init(ImpressionColumn.userID, "whose events tell whether it was liked"),
                    .init(ImpressionColumn.itemID, "the film"), .init(ImpressionColumn.position, "its place"),
                    .init(ImpressionColumn.modelID, "which model made the list"),
                    .init(ImpressionColumn.scenario, "where it was shown"),
                    .init(ImpressionColumn.propensity, "to weigh chance"), .init(ImpressionColumn.at, "when"),
                    .init(ImpressionColumn.source, "who reported it"),
                    .init(ImpressionColumn.topic, "to find it again in Kafka"),
                    .init(ImpressionColumn.partition, "to find it again in Kafka"),
                    .init(ImpressionColumn.offset, "to find it again in Kafka"),
                    .init(ImpressionColumn.ingestedAt, "how late it came"),
                    .init(ImpressionColumn.eventDate, "which day's files it is in"),
                ]),
            store: store, contract: .impressions, columns: [ImpressionColumn.userID]
        ) { RowMatch(.compare(column: ImpressionColumn.userID, .equal, .string($0))) }
    }

    private static func deadLetters(_ store: EventStore) -> PersonalTable {
        PersonalTable(
            declaration: PersonalDeclaration(
                name: "dead_letters", holds: "messages that could not become rows, whole",
                purpose: "finding out why, and taking them in again", kept: "until retention or somebody takes them",
                covers: [TableContract.deadLetters.name],
                fields: [
                    .init(DeadLetterColumn.topic, "where it came from"),
                    .init(DeadLetterColumn.partition, "where it came from"),
                    .init(DeadLetterColumn.offset, "where it came from"), .init(DeadLetterColumn.at, "when"),
                    .init(DeadLetterColumn.reason, "what is wrong with it"),
                    .init(DeadLetterColumn.payload, "the message, to be taken in again; without the words of a review"),
                    .init(DeadLetterColumn.key, "the message's key, to be taken in again"),
                ]),
            store: store, contract: .deadLetters, columns: [DeadLetterColumn.key, DeadLetterColumn.payload]
        ) { PersonalMessage.rows(of: $0) }
    }

    public func find(_ user: String) async throws -> Int {
        try await onTable { table in try Int(table.count(match(user))) } ?? 0
    }

    public func erase(_ user: String) async throws -> PersonalErasure {
        let report = try await onTable { try $0.forget(user, in: columns, rows: match(user)) }
        guard let report else { return PersonalErasure() }
        return PersonalErasure(
            report.unsettled == 0
                ? .done : .pending("\(report.unsettled) files may belong to a commit under way"),
            removed: Int(report.rewritten.rowsDeleted),
            counts: [
                "files_rewritten": report.rewritten.filesRemoved, "bytes_written": Int(report.rewritten.bytesAdded),
                "files_erased": report.filesErased, "bytes_erased": Int(report.bytesErased),
                "log_files_cleaned": report.logFilesCleaned,
            ])
    }

    public func verify(_ user: String) async throws -> [String] {
        let hasMessages = contract.name == TableContract.deadLetters.name
        return try await onTable { table in
            try table.mentions(of: user, in: columns, rows: hasMessages ? match(user) : nil)
        } ?? []
    }

    public func export(_ user: String, _ body: ([JSONValue]) throws -> Void) async throws {
        // Handed over by pieces: the closure may not leave this call.
        guard let table = try await onTable({ $0 }) else { return }
        let snapshot = try await BlockingWork.run("privacy") { _ in try table.snapshot() }
        let reader = RowReader(try snapshot.rows(match(user)))
        while let records = try await BlockingWork.run("privacy", { _ in try reader.next() }) { try body(records) }
    }

    /// The table; nil where there is none. Blocks.
    /// - Throws: `ColumnarError.notATable` where rows lie in a folder without a log: it would seem that nothing is there.
    func table() throws -> DeltaTable? {
        if let table = try store.openIfPresent(contract) { return table }
        let rows = try store.storage.folder(contract.name).listData().contains { $0.name.hasSuffix(".parquet") }
        // A writer makes the log before the first rows.
        if rows { throw ColumnarError.notATable(path: store.location(of: contract)) }
        return nil
    }

    /// Looks whether the tables of persons that a store has can be opened.
    /// - Throws: `ColumnarError.notATable` where one has rows and no log, and what reading a log may throw.
    public static func look(at store: EventStore) throws {
        for table in all(of: store) { _ = try table.table() }
    }

    /// The rows of a user.
    func rows(of user: String) -> RowMatch { match(user) }

    /// nil where there is no table.
    private func onTable<R: Sendable>(_ body: @escaping @Sendable (DeltaTable) throws -> R) async throws -> R? {
        try await BlockingWork.run("privacy") { _ in try table().map(body) }
    }
}

/// Rows as records, batch by batch.
///
/// `@unchecked Sendable`: one caller at a time asks for the next, and waits for it.
private final class RowReader: @unchecked Sendable {
    private var rows: MatchedRows

    init(_ rows: MatchedRows) { self.rows = rows }

    func next() throws -> [JSONValue]? {
        guard let batch = try rows.next() else { return nil }
        return (0..<batch.rowCount).map { row in
            .object(
                zip(batch.schema.fields, batch.columns).map { field, column in
                    .init(name: field.name, value: Self.json(column.value(at: row, type: field.type)))
                })
        }
    }

    private static func json(_ value: Value) -> JSONValue {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .number(Double(value))
        case .float(let value): .number(Double(value))
        case .double(let value): .number(value)
        case .string(let value): .text(value)
        case .binary(let bytes):
            .text(String(validating: bytes, as: UTF8.self) ?? bytes.map { "\\x" + Self.hexadecimal($0) }.joined())
        case .date(let value): .text(value.description)
        case .timestamp(let value), .localTimestamp(let value): .text(value.description)
        default: .text("\(value)")
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
