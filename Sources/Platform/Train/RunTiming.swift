internal import Domain
public import Operations

/// When a job runs of itself: by the clock, by what happens, or both. The first that is due starts the run.
public struct RunTiming: Sendable {
    /// Times of the clock.
    public enum Clock: Sendable, CustomStringConvertible {
        /// So long after the last run began; at once if there was none.
        case every(Duration)
        /// When the expression fires.
        case cron(CronExpression)

        public var description: String {
            switch self {
            case .every(let interval): "every \(Int(interval.inSeconds)) s"
            case .cron(let expression): "cron '\(expression)' \(expression.timeZoneName)"
            }
        }
    }

    public var clock: Clock?
    /// Up to so much is added to each time of ``clock``, by the job's name and that time.
    public var jitter = Duration.zero
    /// A run is due when the table has so many rows more than at the last one.
    public var newEvents: Int64?
    /// A run is due when the newest window has drifted.
    public var onDrift = false

    /// - Parameter clock: nil runs when something happens, or for newer data.
    public init(_ clock: Clock? = nil) { self.clock = clock }

    /// Whether anything but newer data makes a run due.
    var isOpen: Bool { clock == nil && newEvents == nil && !onDrift }

    /// As lists have it.
    var text: String {
        ([clock?.description]
            + [newEvents.map { "\($0) new events" }, onDrift ? "drift" : nil]).compactMap { $0 }.joined(separator: "; ")
    }
}
