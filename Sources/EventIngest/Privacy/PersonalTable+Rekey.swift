public import Columnar
internal import Domain
public import Operations
internal import Store

/// Other keys for the pseudonyms of a table, or its first ones.
public struct PseudonymChange: Sendable {
    /// Of the tables as they are; nil for identifiers as they are.
    public let earlier: PseudonymKeys?
    /// Of the tables as they shall be.
    public let keys: PseudonymKeys
    /// What leads from the ones to the others.
    let step: PseudonymKeys

    /// - Returns: nil if `keys` are not those of `earlier` and more.
    public init?(from earlier: PseudonymKeys?, to keys: PseudonymKeys) {
        guard let step = keys.step(from: earlier) else { return nil }
        self.earlier = earlier
        self.keys = keys
        self.step = step
    }

    /// What a user is called then.
    public func user(_ known: String) -> String { step.pseudonym(of: known) }

    /// What the identifier of an event or an impression is then.
    func identifier(_ id: String, of user: String) -> String {
        if earlier == nil { return keys.identifier(id, of: user) }
        guard id.utf8.count == PseudonymKeys.mark.utf8.count + PseudonymKeys.length, id.hasPrefix(PseudonymKeys.mark)
        else { return id }
        return PseudonymKeys.mark + step.pseudonym(of: String(id.dropFirst(PseudonymKeys.mark.count)))
    }

    /// What is kept then of a message that was refused, and of its key.
    /// - Parameter isOfPersons: whether its topic is of events and the like; films are about nobody, unless they are none.
    func refused(_ payload: [UInt8], _ key: [UInt8], isOfPersons: Bool) -> (payload: [UInt8], key: [UInt8]) {
        if earlier == nil {
            let form = isOfPersons ? RefusedForm.digest(keys) : .digestOfPersons(keys)
            return payload.withUnsafeBytes { message in
                (form.payload(of: message), key.withUnsafeBytes { form.key($0, of: message) })
            }
        }
        let isDigest = RefusedForm.isDigest(payload)
        let mark = Array(RefusedForm.digestMark.utf8)
        return (
            isDigest ? mark + Array(step.hex(of: Array(payload.dropFirst(mark.count))).utf8) : payload,
            key.isEmpty || !(isDigest || isOfPersons) ? key : Array(step.hex(of: key).utf8)
        )
    }
}

extension PersonalTable {
    /// Puts other pseudonyms into every row, in one commit, and removes what earlier versions have of those before: those
    /// versions cannot be read any more. Blocks.
    ///
    /// Killed at any moment it can be made again, and does the rest. Writers of the keys before are refused from the commit on.
    /// - Returns: what was written anew, nothing where that was done; nil if there is no table.
    /// - Throws: `StoreError.otherPseudonymKey` if the table is of keys that are neither of them.
    public func rekey(_ change: PseudonymChange, check: () throws -> Void) throws -> RewriteReport? {
        guard let table = try table() else { return nil }
        let report = try table.transform(
            setting: [PseudonymRecord.property: change.keys.keyID], operation: "REKEY",
            where: { snapshot in
                guard snapshot.configuration[PseudonymRecord.property] != change.keys.keyID else { return false }
                try PseudonymRecord.check(snapshot, of: contract, key: change.earlier?.keyID)
                return true
            }, check: check
        ) { try renamed($0, change) }
        _ = try table.vacuum(retention: 0)
        return report ?? RewriteReport()
    }

    /// Looks whether the table has pseudonyms of one of some keys; one without rows and key may get any. Blocks.
    /// - Parameter keys: digests; nil stands for identifiers as they are. The first is the one that was named.
    /// - Throws: `StoreError.otherPseudonymKey`.
    public func checkKey(in keys: [String?]) throws {
        guard PseudonymRecord.concerns(contract), let snapshot = try table()?.snapshot() else { return }
        let stored = snapshot.configuration[PseudonymRecord.property]
        if keys.contains(stored) || stored == nil && snapshot.fileCount == 0 { return }
        throw StoreError.otherPseudonymKey(
            place: "the table \(contract.name)", stored: stored, given: keys.first ?? nil)
    }

    /// The digest of the table's key; nil for identifiers as they are, or where there is no table. Blocks.
    public func pseudonymKey() throws -> String? { try table()?.snapshot().configuration[PseudonymRecord.property] }

    /// Hands out the users of rows that still have the keys before. A user may come several times. Blocks.
    public func users(before change: PseudonymChange, _ body: ([String]) throws -> Void) throws {
        guard contract.name != TableContract.deadLetters.name, let snapshot = try table()?.snapshot(),
            snapshot.configuration[PseudonymRecord.property] != change.keys.keyID
        else { return }
        var scan = try snapshot.scan(columns: [EventColumn.userID])
        while let batch = try scan.next() {
            guard let column = try batch.column(named: EventColumn.userID).byteStrings else { return }
            try body((0..<batch.rowCount).compactMap { column.string(at: $0) })
        }
    }

    private func renamed(_ batch: RecordBatch, _ change: PseudonymChange) throws -> RecordBatch {
        if contract.name == TableContract.deadLetters.name { return try withoutNames(batch, change) }
        let ids =
            contract.name == TableContract.events.name
            ? [EventColumn.eventID] : [ImpressionColumn.impressionID, ImpressionColumn.recommendationID]
        guard let users = try batch.column(named: EventColumn.userID).byteStrings else { return batch }
        var known: [String: String] = [:]
        var renamed = BytesColumn()
        for row in 0..<batch.rowCount {
            guard let user = users.string(at: row) else {
                renamed.appendNull()
                continue
            }
            let name = known[user] ?? change.user(user)
            known[user] = name
            renamed.append(name)
        }
        var columns = batch.columns
        try Self.set(.string(renamed), EventColumn.userID, of: batch, in: &columns)
        for id in ids {
            guard let old = try batch.column(named: id).byteStrings else { continue }
            var new = BytesColumn()
            for row in 0..<batch.rowCount {
                guard let text = old.string(at: row) else {
                    new.appendNull()
                    continue
                }
                new.append(users.string(at: row).map { change.identifier(text, of: $0) } ?? text)
            }
            try Self.set(.string(new), id, of: batch, in: &columns)
        }
        return try RecordBatch(schema: batch.schema, columns: columns)
    }

    private func withoutNames(_ batch: RecordBatch, _ change: PseudonymChange) throws -> RecordBatch {
        let personal = Set(Topics.events + [Topics.impressions, Topics.consents])
        guard let topics = try batch.column(named: DeadLetterColumn.topic).byteStrings,
            let payloads = try batch.column(named: DeadLetterColumn.payload).byteStrings,
            let keys = try batch.column(named: DeadLetterColumn.key).byteStrings
        else { return batch }
        var (payload, key) = (BytesColumn(), BytesColumn())
        for row in 0..<batch.rowCount {
            func bytes(_ column: BytesColumn) -> [UInt8] { Array(column.bytes[column.range(of: row)]) }
            let new = change.refused(
                bytes(payloads), bytes(keys), isOfPersons: topics.string(at: row).map(personal.contains) ?? true)
            if payloads.isNull(at: row) { payload.appendNull() } else { payload.append(new.payload) }
            if keys.isNull(at: row) { key.appendNull() } else { key.append(new.key) }
        }
        var columns = batch.columns
        try Self.set(.binary(payload), DeadLetterColumn.payload, of: batch, in: &columns)
        try Self.set(.binary(key), DeadLetterColumn.key, of: batch, in: &columns)
        return try RecordBatch(schema: batch.schema, columns: columns)
    }

    private static func set(_ column: Column, _ name: String, of batch: RecordBatch, in columns: inout [Column]) throws
    {
        guard let place = batch.schema.index(of: name) else {
            throw ColumnarError.noSuchColumn(name: name, available: batch.schema.names)
        }
        columns[place] = column
    }
}
