internal import Columnar
internal import Domain
internal import Store

/// Rows of the impressions table, of each list those of one source.
///
/// Lists that a client reported count as it reported them: they say what was on a screen. Of others what the server answered
/// counts. A reported row that names no propensity, model or scenario takes the server's for the same item of the same list.
struct ImpressionRecords {
    struct Record {
        var list: Int32
        /// −1 for a list that was about nobody.
        var user: Int32
        var item: Int32
        var position: Int32
        var model: Int32
        var scenario: Int32
        var propensity: Double?
        /// Microseconds since 1970.
        var at: Int64
        var isAnswer: Bool
    }

    var lists = IdentifierPool()
    var users = IdentifierPool()
    var items = IdentifierPool()
    /// Names of models and scenarios; the empty text is "not said".
    var names = IdentifierPool()
    var records: [Record] = []
    /// Where they come from.
    var source = ""
    var version: Int64?

    init() {}

    /// - Throws: `ColumnarError` if there is no such table; ``TrainerError/nothingToEvaluate(reason:advice:)`` without rows.
    init(_ store: EventStore) throws {
        source = store.location(of: .impressions)
        guard let table = try store.openIfPresent(.impressions) else {
            throw TrainerError.nothingToEvaluate(
                reason: "the store has no table of impressions", advice: Self.advice)
        }
        let snapshot = try table.snapshot()
        version = snapshot.version
        let columns = [
            ImpressionColumn.recommendationID, ImpressionColumn.userID, ImpressionColumn.itemID,
            ImpressionColumn.position,
            ImpressionColumn.modelID, ImpressionColumn.scenario, ImpressionColumn.propensity, ImpressionColumn.at,
            ImpressionColumn.source,
        ]
        try snapshot.checkReadable(columns)
        var scan = try snapshot.scan(columns: columns)
        while let batch = try scan.next() { try append(batch) }
        settle()
        guard !records.isEmpty else {
            throw TrainerError.nothingToEvaluate(
                reason: "the table of impressions is empty", advice: Self.advice)
        }
    }

    private static let advice =
        "What lists show is written down by `marquee serve --log-impressions` and POST /v1/impressions, and stored by "
        + "`marquee ingest`."

    private mutating func append(_ batch: RecordBatch) throws {
        func texts(_ name: String) throws -> BytesColumn {
            guard let column = try batch.column(named: name).byteStrings else { throw unsuitable(name) }
            return column
        }
        let (lists, users) = (try texts(ImpressionColumn.recommendationID), try texts(ImpressionColumn.userID))
        let (items, sources) = (try texts(ImpressionColumn.itemID), try texts(ImpressionColumn.source))
        let (models, scenarios) = (try texts(ImpressionColumn.modelID), try texts(ImpressionColumn.scenario))
        guard let positions = try batch.column(named: ImpressionColumn.position).int32s else {
            throw unsuitable(ImpressionColumn.position)
        }
        guard let chances = try batch.column(named: ImpressionColumn.propensity).doubles else {
            throw unsuitable(ImpressionColumn.propensity)
        }
        guard let times = try batch.column(named: ImpressionColumn.at).int64s else {
            throw unsuitable(ImpressionColumn.at)
        }
        for row in 0..<batch.rowCount {
            guard let list = lists.string(at: row), let item = items.string(at: row), let position = positions[row],
                let at = times[row], Impression.positions.contains(Int(position))
            else { continue }
            append(
                list: list, user: users.string(at: row), item: item, position: position,
                model: models.string(at: row) ?? "", scenario: scenarios.string(at: row) ?? "",
                propensity: chances[row].flatMap { Impression.propensities.contains($0) ? $0 : nil }, at: at,
                isAnswer: sources.string(at: row) == Impression.answered)
        }
    }

    private func unsuitable(_ column: String) -> TrainerError {
        .unsuitableTable(table: source, reason: "its column \(column) is not of the type that impressions have")
    }

    /// Adds one row. ``settle()`` follows the last.
    mutating func append(
        list: String, user: String?, item: String, position: Int32, model: String, scenario: String,
        propensity: Double?,
        at: Int64, isAnswer: Bool
    ) {
        records.append(
            Record(
                list: lists.insert(list), user: user.map { users.insert($0) } ?? -1, item: items.insert(item),
                position: position, model: names.insert(model), scenario: names.insert(scenario),
                propensity: propensity,
                at: at, isAnswer: isAnswer))
    }

    /// Leaves one source of each list, rows by list and position, one of each. O(n log n).
    mutating func settle() {
        var isReported = [Bool](repeating: false, count: lists.count)
        var answers: [Int64: Record] = [:]
        func key(_ record: Record) -> Int64 { Int64(record.list) << 32 | Int64(record.item) }
        for record in records {
            if record.isAnswer { answers[key(record)] = record } else { isReported[Int(record.list)] = true }
        }
        let none = names.index(of: "")
        records = records.filter { $0.isAnswer != isReported[Int($0.list)] }.map { record in
            guard !record.isAnswer, let answer = answers[key(record)] else { return record }
            var record = record
            // A chance is of a position.
            if answer.position == record.position { record.propensity = record.propensity ?? answer.propensity }
            if record.model == none { record.model = answer.model }
            if record.scenario == none { record.scenario = answer.scenario }
            if record.user < 0 { record.user = answer.user }
            return record
        }
        records.sort { ($0.list, $0.position, $0.item) < ($1.list, $1.position, $1.item) }
        var last: (Int32, Int32)?
        records = records.filter { record in
            defer { last = (record.list, record.item) }
            return last == nil || last! != (record.list, record.item)
        }
    }

    /// Of models and scenarios.
    func name(_ number: Int32) -> String {
        let name = names.id(at: Int(number))
        return name.isEmpty ? "not said" : name
    }
}
