/// Waits until a condition holds.
/// - Throws: ``NeverHappened`` after two minutes: a test that would hang fails instead.
func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
    let start = ContinuousClock.now
    while try !condition() {
        guard ContinuousClock.now - start < .seconds(120) else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}

struct NeverHappened: Error {
    var what: String
}
