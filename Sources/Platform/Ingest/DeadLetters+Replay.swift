public import EventIngest
public import Kafka
internal import Operations
public import Store

extension DeadLetters {
    /// Sends a store's refused messages again to the topics they came from, each once however often this is called.
    /// - Parameter reasons: only these reason codes; all if empty.
    /// - Returns: how many were sent.
    /// - Throws: within seconds, if no broker answers; what reading the table and sending may throw.
    public static func replay(
        from store: EventStore, to properties: KafkaProperties, reasons: Set<String> = []
    ) async throws -> Int {
        try await properties.requireBroker()
        return try await BlockingWork.run("deadletters") { _ in
            try DeadLetters(store: store).replay(to: properties, reasons: reasons, observer: .logging)
        }
    }
}
