internal import Domain

/// Pauses that double, a fifth more or less, so that what failed together does not come back together.
enum RetryPause {
    /// - Parameter attempt: the one that failed, from 1.
    static func after(_ attempt: Int, first: Duration, longest: Duration) -> Duration {
        min(first * (1 << min(max(attempt, 1) - 1, 20)), longest) * Double.random(in: 0.8...1.2)
    }
}
