public import Catalog
internal import Columnar
internal import Domain
internal import EventIngest
public import Operations
public import Store

/// The tables that are made of films and events: what is wrong with the films, and what the events say of them.
public enum FilmTables {
    /// What a refresh wrote; nil for a table that was up to date.
    public struct Refresh: Sendable {
        /// Findings in the table of them.
        public var findings: Int?
        /// Films in the table of figures.
        public var films: Int?
    }

    /// What is wrong with the films of a store, as of now. Blocks.
    /// - Returns: also the version of the table of films.
    /// - Throws: `ColumnarError.notATable` if there are none.
    public static func quality(of store: EventStore) throws -> (version: Int64, quality: CatalogQuality) {
        let snapshot = try store.open(.movies).snapshot()
        var refused: [CatalogQuality.Refused] = []
        if try store.openIfPresent(.deadLetters) != nil {
            try DeadLetters(store: store).forEach { letter in
                if letter.topic == Topics.movies {
                    refused.append(.init(reason: letter.reason, at: letter.at))
                }
                return true
            }
        }
        return (snapshot.version, CatalogQuality(rows: try MovieTable.rows(of: snapshot), refused: refused))
    }

    /// Makes both tables anew, where what they are made of has changed. Blocks.
    /// - Throws: what reading and writing throw; `CancellationError`.
    public static func refresh(in store: EventStore, _ flag: CancellationFlag) throws -> Refresh {
        var refresh = Refresh()
        let letters = try store.openIfPresent(.deadLetters)?.snapshot().version
        if let movies = try store.openIfPresent(.movies)?.snapshot().version {
            try remake(.quality, of: [(.movies, movies), (.deadLetters, letters)], in: store) {
                let quality = try quality(of: store).quality
                refresh.findings = quality.findings.count
                return try QualityTable.batch(quality.findings)
            }
        }
        try flag.check()
        if let events = try store.openIfPresent(.events)?.snapshot() {
            try remake(.filmStatistics, of: [(.events, events.version)], in: store) {
                let statistics = try FilmStatistics(of: events) { try flag.check() }
                refresh.films = statistics.films.count
                return try statistics.batch()
            }
        }
        return refresh
    }

    /// Puts rows in the place of the table's, unless it says that it was made of these versions.
    private static func remake(
        _ contract: TableContract, of sources: [(table: TableContract, version: Int64?)], in store: EventStore,
        _ rows: () throws -> RecordBatch
    ) throws {
        let table = try store.openOrCreate(contract)
        let known = try table.snapshot().transactions
        let made = sources.compactMap { source in
            source.version.map { Transaction(appID: "made-of:\(source.table.name)", version: $0) }
        }
        guard made.contains(where: { known[$0.appID] != $0.version }) else { return }
        try table.replace(with: [rows()], transactions: made)
    }
}

/// Makes the tables of ``FilmTables`` anew on a schedule, beside those who write what they are made of.
public final class FilmTablesService: Service {
    public let name = "film-tables"
    private let store: EventStore
    private let interval: Duration
    private let log = Log("film-tables")

    /// - Parameter interval: how long between two looks.
    public init(store: EventStore, every interval: Duration) {
        self.store = store
        self.interval = interval
    }

    /// Works until cancelled. What goes wrong is logged, and tried again later; it never stops whoever writes.
    public func run() async throws {
        let refreshes = Metrics.shared.counter(
            "marquee_film_tables_refreshes_total", help: "Times that film figures or findings were made anew.")
        let failures = Metrics.shared.counter(
            "marquee_film_tables_failures_total", help: "Times that making film figures or findings failed.")
        let findings = Metrics.shared.gauge(
            "marquee_film_findings", help: "Findings about films, by the newest look.")
        while !Task.isCancelled {
            do {
                let done = try await BlockingWork.run(name, priority: .least) { [store] flag in
                    try FilmTables.refresh(in: store, flag)
                }
                if let count = done.findings { findings.set(Double(count)) }
                if done.findings != nil || done.films != nil {
                    refreshes.increment()
                    log.debug("made anew", ["findings": done.findings ?? -1, "films": done.films ?? -1])
                }
            } catch is CancellationError {
                return
            } catch {
                failures.increment()
                log.warning("film figures or findings were not made; tried again later", ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }
}
