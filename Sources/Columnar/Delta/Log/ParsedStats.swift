import Domain

/// The statistics of files as a checkpoint has them in typed columns, `stats_parsed`: some have nothing else. They come out as the
/// text that commits have. Delta protocol, "Per-file statistics".
struct ParsedStats: Sendable {
    private let fields: StructRows

    init(_ fields: StructRows) { self.fields = fields }

    /// The statistics of a file; nil if nothing is known of it.
    func text(at row: Int) -> String? {
        guard let rows = fields.int("numRecords", row) else { return nil }
        return JSON.object([
            "numRecords": .int(rows), "minValues": object("minValues", row), "maxValues": object("maxValues", row),
            "nullCount": object("nullCount", row), "tightBounds": fields.bool("tightBounds", row).map { .bool($0) },
        ]).text
    }

    private func object(_ name: String, _ row: Int) -> JSON? {
        guard let type = fields.type(name), let column = fields.column(name) else { return nil }
        return Self.json(column.value(at: row, type: type))
    }

    /// What is null is not known, and what has no form in the text that all readers take is left out.
    private static func json(_ value: Value) -> JSON? {
        switch value {
        case .structure(let members):
            .object(members.compactMap { member in json(member.value).map { .init(name: member.name, value: $0) } })
        case .int(let value): .int(value)
        case .float(let value): value.isFinite ? .double(Double(value)) : nil
        case .double(let value): value.isFinite ? .double(value) : nil
        case .string(let value): .string(value)
        case .date(let value): .string(value.description)
        case .timestamp(let value): .string(value.description)
        case .localTimestamp(let value): .string(String(value.description.dropLast()))
        default: nil
        }
    }
}
