internal import Domain

/// What a job remembers from run to run, also over restarts.
struct JobMemory: Codable, Sendable, Equatable {
    /// When it runs, in words.
    var schedule = ""
    /// Times of the clock up to here are done.
    var handledAt: Timestamp?
    /// The next time of the clock, or of the next attempt; nil if only triggers start it.
    var nextAt: Timestamp?
    /// The run that is under way, or that was when its process ended; nil if the last one came to its end.
    var running: String?
    /// The end of the window whose drift was told of last.
    var driftToldAt: Timestamp?
    /// Failures in a row.
    var failures = 0
    /// The next attempt after a failure.
    var retryAt: Timestamp?
    /// Identity, version and rows of the table, version of the weights and digest of the settings, of the last run that succeeded or
    /// found nothing new.
    var table: String?
    var version: Int64?
    var rows: Int64?
    var weights: Int?
    var settings: String?
    /// The newest event that a run has seen.
    var newestEventAt: Timestamp?
    var lastRunAt: Timestamp?
    var lastSuccessAt: Timestamp?
}
