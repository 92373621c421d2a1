public import Domain

/// What can be wrong with a schedule.
public enum ScheduleError: Fault, Equatable {
    case badExpression(text: String, reason: String)
    /// No day of any year fits, such as 30 February.
    case neverFires(text: String)
    case unknownTimeZone(name: String)

    public var code: String {
        switch self {
        case .badExpression: "bad-cron-expression"
        case .neverFires: "cron-never-fires"
        case .unknownTimeZone: "unknown-time-zone"
        }
    }

    public var message: String {
        switch self {
        case .badExpression(let text, let reason): "'\(text)' is no cron expression: \(reason)."
        case .neverFires(let text): "'\(text)' never fires: no day of any year fits."
        case .unknownTimeZone(let name): "The time zone '\(name)' is not known."
        }
    }

    public var advice: String {
        switch self {
        case .badExpression: "For every night at three write '0 3 * * *'."
        case .neverFires: "Look at the day and the month."
        case .unknownTimeZone: "Name one of the IANA database, such as Europe/Berlin or UTC."
        }
    }

    public var category: FaultCategory { .usage }
}
