/// Whether `a` and `b` differ by at most `tolerance`, relative to the larger magnitude (absolute below 1).
/// NaN is close to nothing.
public func isClose(_ a: Double, _ b: Double, tolerance: Double = 1e-6) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}

public func isClose(_ a: Float, _ b: Float, tolerance: Float = 1e-4) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}
