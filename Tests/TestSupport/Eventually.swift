/// A condition that a test waited for in vain.
public struct NeverCame: Error, CustomStringConvertible {
    public let what: String
    public var description: String { "it never became so: \(what)" }
}

/// Asks again and again until `isSo`. `patience` is no measurement: it only bounds a test that would otherwise hang.
/// - Throws: ``NeverCame``.
public func eventually(
    _ what: String, patience: Duration = .seconds(120), _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + patience
    while try await !isSo() {
        guard ContinuousClock.now < end else { throw NeverCame(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
