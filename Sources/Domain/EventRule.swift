/// The rules of values that make an event, whoever wrote them: those who ingest and those who read what others have stored
/// ask the same. The raw value is the reason in dead letters, messages, metrics and manifests.
public enum EventRule: String, CaseIterable, Sendable {
    /// A field that every event has is absent or null.
    case missingField = "missing-field"
    /// A text is no UTF-8.
    case invalidUTF8 = "invalid-utf8"
    case emptyID = "empty-id"
    /// Of more than ``EventLimits/idLength`` bytes.
    case longID = "id-too-long"
    /// Of no ``EventKind``.
    case unknownKind = "unknown-kind"
    /// See ``EventKind/accepts(_:)``: not a number is none either.
    case valueOutOfRange = "value-out-of-range"
    /// Of more than ``EventLimits/textLength`` bytes.
    case longText = "text-too-long"
    /// Before ``EventLimits/earliest`` or after ``EventLimits/latest(_:)``.
    case timeOutOfWindow = "time-out-of-window"
}

extension EventLimits {
    /// The latest time that an event may have by a clock that shows `now`.
    public func latest(_ now: Timestamp) -> Timestamp { now.advanced(bySeconds: clockSkew) }

    /// The rule that an identifier of so many bytes breaks; nil if it is good.
    @inlinable @inline(__always)
    public func brokenRule(idLength length: Int) -> EventRule? {
        if length == 0 { return .emptyID }
        return length <= idLength ? nil : .longID
    }

    /// The rule that an event's value or time breaks; nil if both are good.
    /// - Parameter latest: see ``latest(_:)``.
    @inlinable @inline(__always)
    public func brokenRule(_ kind: EventKind, value: Float, at: Timestamp, latest: Timestamp) -> EventRule? {
        if !kind.accepts(value) { return .valueOutOfRange }
        return at >= earliest && at <= latest ? nil : .timeOutOfWindow
    }
}
