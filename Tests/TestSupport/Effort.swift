import Foundation

/// How long the tests that repeat something at random go on.
///
/// `make test` takes the short form, seconds each; `make nightly` sets `MARQUEE_NIGHTLY` and takes the long one.
public enum Effort {
    /// Whether this is the nightly run.
    public static let isNightly = ProcessInfo.processInfo.environment["MARQUEE_NIGHTLY"] == "1"

    /// The one for `make test`, or the other for `make nightly`.
    public static func rounds(_ everyRun: Int, nightly: Int) -> Int { isNightly ? nightly : everyRun }
}
