internal import Columnar
public import Domain
internal import Operations
public import Store

/// Which kept events a training begins with.
public enum EventStart: Hashable, Sendable {
    /// Those of this version of the table.
    case version(Int64)
    /// Those of the newest version that the registry has, if it is not newer than the one that is read.
    case newest
}

extension InteractionLog {
    /// Reads the events table of a store at one version, as ``read(from:version:asOf:maxBadRows:choices:)`` does and with the
    /// same result but for the order of events; of what an earlier training kept in the registry only what came since is read.
    ///
    /// Where that would not give the same, all is read, and ``reading`` says why. Either way the events are kept for the next
    /// training, in place of those that were.
    /// - Throws: as ``read(from:version:asOf:maxBadRows:choices:)``. What is kept is never the reason: it is passed over.
    public static func read(
        from store: EventStore, version: Int64? = nil, since start: EventStart, in registry: ModelRegistry,
        maxBadRows: Double = defaultMaxBadRows, choices: any PersonalChoices = NoObjections()
    ) throws -> InteractionLog {
        let (table, snapshot) = try opened(store, version: version, asOf: nil, keeps: true)
        let log: InteractionLog
        switch try kept(start, of: table, until: snapshot, in: registry, choices) {
        case .success(let events): log = try events.log(of: store, snapshot, choices)
        case .failure(let reason):
            log = try scanned(store, snapshot, choices)
            log.reading = .whole(reason: reason.text)
        }
        try log.check(maxBadRows)
        if case .since(snapshot.version, _, _) = log.reading { return log }
        do {
            // Rows that are no events are named and judged by the clock of each reading.
            if log.badRows.count == 0 {
                try registry.keep(log, .init(log, snapshot))
            } else {
                try registry.removeEvents { _ in true }
            }
        } catch {
            Log("train").warning("the events are not kept for the next training", ["error": "\(error)"])
        }
        return log
    }

    /// Why not.
    private struct Refusal: Error {
        var text: String
    }

    /// Kept events and the rows that came since.
    private struct Beginning {
        var events: KeptEvents
        var rows: AddedRows

        func log(of store: EventStore, _ snapshot: Snapshot, _ choices: any PersonalChoices) throws -> InteractionLog {
            let log = try InteractionLog.empty(store, snapshot)
            try events.append(to: log, choices)
            let before = log.count
            try log.append(choices) { try rows.scan(columns: $0) }
            log.badRows.rowsRead += events.facts.rowsRead
            log.reading = .since(
                version: events.facts.version, files: rows.fileCount, events: log.count - before)
            return log
        }
    }

    /// Looks for events to begin with, and whether what came since is all there is to read.
    private static func kept(
        _ start: EventStart, of table: DeltaTable, until snapshot: Snapshot, in registry: ModelRegistry,
        _ choices: any PersonalChoices
    ) throws -> Result<Beginning, Refusal> {
        func refuse(_ text: String) -> Result<Beginning, Refusal> { .failure(Refusal(text: text)) }
        let versions = try registry.versionsOfEvents()
        let version: Int64
        switch start {
        case .newest:
            guard let newest = versions.last(where: { $0 <= snapshot.version }) else {
                return refuse("the registry has no events of an earlier training")
            }
            version = newest
        case .version(let wanted):
            guard versions.contains(wanted) else {
                let there =
                    versions.isEmpty ? "" : ", it has those of \(versions.map(String.init).joined(separator: ", "))"
                return refuse("the registry has no events of version \(wanted)\(there)")
            }
            version = wanted
        }
        let events: KeptEvents
        do {
            events = try registry.events(of: version)
        } catch let error as TrainerError {
            return refuse("what is kept cannot be used: \(error.message)")
        }
        guard events.facts.tableID == snapshot.tableID, events.facts.version == version else {
            return refuse("the events that are kept are of another table")
        }
        guard events.facts.clock <= clock(of: snapshot).microseconds else {
            return refuse("version \(snapshot.version) is older by its clock than version \(version)")
        }
        for index in 0..<events.leftOut.count
        where choices.choice(of: events.leftOut.id(at: index)).allows(.training) {
            return refuse("a user who was left out allows training now")
        }
        let earlier: Snapshot
        do {
            earlier = try table.snapshot(version: version)
        } catch let error as ColumnarError {
            return refuse("version \(version) can no longer be read: \(error.message)")
        }
        guard earlier.filesHash == events.facts.filesHash, earlier.rowCount == Int64(events.facts.rowsRead) else {
            return refuse("version \(version) is not the one whose events are kept")
        }
        switch try table.additions(since: earlier, until: snapshot) {
        case .rows(let rows): return .success(Beginning(events: events, rows: rows))
        case .unknown(let reason): return refuse(reason)
        }
    }
}
