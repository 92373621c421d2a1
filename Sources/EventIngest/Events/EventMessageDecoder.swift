import Domain

/// Reads one wire form of events.
protocol EventMessageDecoder: AnyObject {
    /// The slices are valid as long as the message, or only until the next call where ``lendsScratch`` says so.
    func decode(_ message: UnsafeRawBufferPointer, latest: Timestamp) throws(RejectReason) -> EventFields
    /// Whether slices of the last event lie in memory of the decoder's own.
    var lendsScratch: Bool { get }
    /// The latest time an event may have, by the receiver's clock.
    func latest(_ now: Timestamp) -> Timestamp
    /// Asked after a refusal: whether the same message should be tried again, now that what it needs has been fetched.
    /// Blocks.
    /// - Throws: if that could not be fetched.
    func mayRetry(after reason: RejectReason) throws -> Bool
    /// More about the last refusal, for a person to read.
    var explanation: String? { get }
}

extension EventMessageDecoder {
    var lendsScratch: Bool { false }
    func mayRetry(after reason: RejectReason) throws -> Bool { false }
    var explanation: String? { nil }
}
