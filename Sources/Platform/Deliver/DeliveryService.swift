public import Delivery
internal import Domain
public import EventIngest
public import Operations
public import PostgreSQL
internal import Store
internal import Synchronization

/// Follows the topics of events and brings each event, and its user's new list, to PostgreSQL, exactly once.
public final class DeliveryService: Service {
    public let name = "deliver"
    private let ingest: IngestService
    private let stop = Stop()

    /// Whether it is to end; asked by what waits for a server that is away.
    private final class Stop: Sendable {
        let isAsked = Atomic<Bool>(false)
    }

    /// - Parameters:
    ///   - configuration: its routes must be those of events alone.
    ///   - lists: nil to deliver events alone.
    ///   - reportEvery: how often a line tells the figures; nil for never.
    public init(
        _ configuration: IngestConfiguration, to address: PostgresAddress, lists: (any ListSource)?,
        reportEvery: Duration? = nil, onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) {
        ingest = IngestService(
            configuration, name: name, reportEvery: reportEvery, onProgress: onProgress
        ) { [stop] table in
            try PostgresSink(address, table: table.name, lists: lists) { stop.isAsked.load(ordering: .acquiring) }
        }
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
    public func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [stop] in
                await BlockingWork.untilCancelled()
                stop.isAsked.store(true, ordering: .releasing)
                return false
            }
            group.addTask { [ingest] in
                try await ingest.run()
                return true
            }
            // The delivery may end by itself; what waits for the cancellation does not.
            while let isOver = try await group.next() { if isOver { group.cancelAll() } }
        }
    }
}
