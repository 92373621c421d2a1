public import Delivery
public import EventIngest
public import Operations
public import PostgreSQL
internal import Store

/// Follows the topics of events and brings each event, and its user's new list, to PostgreSQL, exactly once.
public final class DeliveryService: Service {
    public let name = "deliver"
    private let ingest: IngestService

    /// - Parameters:
    ///   - configuration: its routes must be those of events alone.
    ///   - lists: nil to deliver events alone.
    ///   - reportEvery: how often a line tells the figures; nil for never.
    public init(
        _ configuration: IngestConfiguration, to address: PostgresAddress, lists: (any ListSource)?,
        reportEvery: Duration? = nil, onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) {
        // One table is enough: the other is opened after it.
        let isAlone = configuration.sharing == .alone
        ingest = IngestService(
            configuration, name: name, reportEvery: reportEvery, onProgress: onProgress,
            sinks: .only { table, isStopping in
                try PostgresSink(
                    address, table: table.name, lists: lists, isAlone: isAlone && table == .events,
                    isUnwanted: isStopping)
            })
    }

    /// Looks whether the database can be written to, before anything else is begun. Blocks.
    /// - Throws: `PostgresError`, `DeliveryError`.
    public static func check(_ address: PostgresAddress) throws {
        try DeliverySchema.check(try PostgresConnection(address))
    }

    /// The newest figures.
    public var progress: IngestProgress { ingest.progress }

    /// Not ready while something is being retried.
    public var status: ServiceStatus { ingest.status }

    /// Delivers until cancelled, or to the end if the configuration asks for it; delivers what it has read before it
    /// ends, unless the server is away.
    public func run() async throws { try await ingest.run() }
}

extension IngestService.Sinks {
    /// The tables of the store, and events also in PostgreSQL.
    public static func alsoEvents(in address: PostgresAddress) -> Self {
        .mirrored { table, isStopping in
            guard table == .events else { return nil }
            return try PostgresSink(address, table: table.name, consumer: "ingest", isUnwanted: isStopping)
        }
    }
}
