public import Columnar

/// Which key the users' pseudonyms in a table are of.
public enum PseudonymRecord {
    /// The table property that names the key: a digest of it. A table without it has identifiers as they are.
    public static let property = "marquee.pseudonymKey"
    /// The tables that it is about.
    public static let tables: [TableContract] = [.events, .impressions, .deadLetters]

    /// Whether a table has identifiers of users.
    public static func concerns(_ table: TableContract) -> Bool { tables.contains { $0.name == table.name } }

    /// Whether rows of that key may be read from, or written to, this version of a table.
    /// - Parameter key: the digest of the key; nil for identifiers as they are.
    /// - Throws: ``StoreError/otherPseudonymKey(place:stored:given:)``.
    public static func check(_ snapshot: Snapshot, of table: TableContract, key: String?) throws(StoreError) {
        guard concerns(table) else { return }
        let stored = snapshot.configuration[property]
        guard stored != key else { return }
        throw .otherPseudonymKey(place: "the table \(table.name)", stored: stored, given: key)
    }
}

extension EventStore {
    /// A table as ``openOrCreate(_:)`` gives it, for rows whose users have pseudonyms of a key, or none.
    ///
    /// A table that was made before and has no rows yet gets the key.
    /// - Parameter key: the digest of the key; nil for identifiers as they are.
    /// - Throws: ``StoreError/otherPseudonymKey(place:stored:given:)``; what ``openOrCreate(_:)`` throws.
    public func openOrCreate(_ table: TableContract, pseudonymKey key: String?) throws -> DeltaTable {
        guard PseudonymRecord.concerns(table) else { return try openOrCreate(table) }
        let opened = try openOrCreate(key.map { table.with([PseudonymRecord.property: $0]) } ?? table)
        let snapshot = try opened.snapshot()
        if let key, snapshot.configuration[PseudonymRecord.property] == nil, snapshot.fileCount == 0 {
            // Of two at once with different keys the second finds the first one's below.
            try opened.setProperties([PseudonymRecord.property: key]) {
                $0.fileCount == 0 && $0.configuration[PseudonymRecord.property] == nil
            }
        }
        try PseudonymRecord.check(opened.snapshot(), of: table, key: key)
        return opened
    }

    /// Looks whether the tables of persons that there are have pseudonyms of a key, or none.
    /// - Parameter key: the digest of the key; nil for identifiers as they are.
    /// - Throws: ``StoreError/otherPseudonymKey(place:stored:given:)``; what stands in the way of reading a log.
    public func checkPseudonyms(_ key: String?) throws {
        for table in PseudonymRecord.tables {
            guard let snapshot = try openIfPresent(table)?.snapshot() else { continue }
            // What has no rows takes the key of its first writer.
            if snapshot.fileCount == 0, snapshot.configuration[PseudonymRecord.property] == nil { continue }
            try PseudonymRecord.check(snapshot, of: table, key: key)
        }
    }
}
