import Foundation

/// How long the tests that repeat something at random go on.
///
/// `make test` takes the short form, seconds each; `make nightly` sets `MARQUEE_NIGHTLY` and takes the long one.
public enum Effort {
    /// Whether this is the nightly run.
    public static let isNightly = ProcessInfo.processInfo.environment["MARQUEE_NIGHTLY"] == "1"

    /// How long the run of 1,000 kills of `make nightly` may go on: `MARQUEE_KILL_MINUTES`, or for ever. When the time is
    /// up it ends early, in good order, and prints how many kills there were.
    public static let killMinutes: Double? = ProcessInfo.processInfo.environment["MARQUEE_KILL_MINUTES"].flatMap {
        Double($0)
    }

    /// How long the soak goes on, in minutes, where neither two nor an hour fit: `MARQUEE_SOAK_MINUTES`.
    public static let soakMinutes: Double? = ProcessInfo.processInfo.environment["MARQUEE_SOAK_MINUTES"].flatMap {
        Double($0)
    }

    /// The one for `make test`, or the other for `make nightly`.
    public static func rounds(_ everyRun: Int, nightly: Int) -> Int { isNightly ? nightly : everyRun }
}
