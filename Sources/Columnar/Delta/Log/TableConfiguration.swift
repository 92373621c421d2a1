/// The table properties this module acts on; the rest is kept as it is.
extension MetaData {
    var isAppendOnly: Bool { configuration["delta.appendOnly"]?.lowercased() == "true" }

    /// A checkpoint is written at versions that are multiples of this.
    var checkpointInterval: Int64 {
        configuration["delta.checkpointInterval"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 10
    }

    /// The first version whose commit tells its own time; nil if none does.
    var inCommitTimestampsSince: Int64? {
        guard configuration["delta.enableInCommitTimestamps"]?.lowercased() == "true" else { return nil }
        return configuration["delta.inCommitTimestampEnablementVersion"].flatMap { Int64($0) } ?? 0
    }

    /// As a version that comes after one with `newer`: properties that tell of the table's whole past stay as they are
    /// there.
    func following(_ newer: MetaData) -> MetaData {
        var result = self
        for key in [
            "delta.enableInCommitTimestamps", "delta.inCommitTimestampEnablementVersion",
            "delta.inCommitTimestampEnablementTimestamp", ColumnMapping.highestProperty,
        ] {
            result.configuration[key] = newer.configuration[key]
        }
        return result
    }

    /// How long tombstones, and the files they stand for, are kept. Milliseconds.
    var deletedFileRetention: Int64 {
        Self.interval(configuration["delta.deletedFileRetentionDuration"]) ?? 7 * Self.day
    }

    /// How long commits that a checkpoint covers are kept. Milliseconds.
    var logRetention: Int64 { Self.interval(configuration["delta.logRetentionDuration"]) ?? 30 * Self.day }

    var cleansLog: Bool { configuration["delta.enableExpiredLogCleanup"]?.lowercased() != "false" }

    /// The columns whose bounds go into the log, which outlives the rows: leave personal ones out.
    func collectsBounds(of column: String, at index: Int) -> Bool {
        if let columns = configuration["delta.dataSkippingStatsColumns"] {
            return columns.split(separator: ",").contains { $0.filter { $0 != " " && $0 != "`" } == column }
        }
        let limit = configuration["delta.dataSkippingNumIndexedCols"].flatMap { Int($0) } ?? 32
        return limit < 0 || index < limit
    }

    /// Columns whose files get Bloom filters, separated by commas; those that can have none are passed over.
    func bloomFilterColumns(_ schema: Schema) -> Set<String> {
        let names = (configuration[Self.bloomFilterProperty] ?? "").split(separator: ",").map {
            $0.filter { $0 != " " }
        }
        return Set(names.filter { schema[$0].map { ValueHash.isDefined(for: $0.type) } ?? false })
            .subtracting(partitionColumns)
    }

    static let bloomFilterProperty = "marquee.bloomFilterColumns"

    /// The column of days by which files are kept apart without folders; nil if there is none.
    func clusterColumn(_ schema: Schema) -> String? {
        // The bounds that tell the days of a file have other names under a column mapping.
        guard partitionColumns.isEmpty, configuration[ColumnMapping.modeProperty] ?? "none" == "none",
            let name = configuration[Self.clusterProperty], schema[name]?.type == .date
        else { return nil }
        return name
    }

    static let clusterProperty = "marquee.clusterBy"

    private static let day: Int64 = 86_400_000

    /// `interval 7 days`, `interval 1 week 12 hours`, as Spark writes it.
    static func interval(_ text: String?) -> Int64? {
        guard var words = text?.lowercased().split(separator: " ") else { return nil }
        if words.first == "interval" { words.removeFirst() }
        guard !words.isEmpty, words.count % 2 == 0 else { return nil }
        var sum: Int64 = 0
        for i in stride(from: 0, to: words.count, by: 2) {
            let unit = words[i + 1].hasSuffix("s") ? words[i + 1].dropLast() : words[i + 1]
            let units: [Substring: Int64] = [
                "week": 7 * day, "day": day, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1,
            ]
            guard let count = Int64(words[i]), count >= 0, let length = units[unit] else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            let (next, overflow2) = sum.addingReportingOverflow(product)
            if overflow || overflow2 { return nil }
            sum = next
        }
        return sum
    }
}

extension ColumnMapping {
    /// - Throws: as ``init(_:schemaString:file:)``.
    init(_ metaData: MetaData, file: String) throws {
        try self.init(metaData.configuration, schemaString: metaData.schemaString, file: file)
    }
}
