import Domain
import Foundation
import Testing

@testable import HTTPClient

/// The breaker as a script, on a clock of its own.
@Suite struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func opensAfterFailuresInARow() {
        var breaker = CircuitBreaker(policy: .init(failures: 2, coolDown: .seconds(10)))
        breaker.failed(at: at(0))
        breaker.succeeded()
        breaker.failed(at: at(1))
        #expect(!breaker.isOpen && breaker.admit(at: at(1)) == .proceed)
        breaker.failed(at: at(2))
        #expect(breaker.isOpen && breaker.admit(at: at(11.9)) == .refused)
    }

    @Test func oneProbeDecides() {
        var breaker = CircuitBreaker(policy: .init(failures: 1, coolDown: .seconds(10)))
        breaker.failed(at: at(0))
        #expect(breaker.admit(at: at(10)) == .proceed)
        #expect(breaker.admit(at: at(10)) == .refused, "only one while it is out")
        breaker.failed(at: at(11))
        #expect(breaker.admit(at: at(20.9)) == .refused, "a failed probe starts the cool-down anew")
        #expect(breaker.admit(at: at(21)) == .proceed)
        breaker.succeeded()
        #expect(breaker.admit(at: at(21)) == .proceed && breaker.admit(at: at(21)) == .proceed)
    }

    @Test func aLostProbeDoesNotCloseItForEver() {
        var breaker = CircuitBreaker(policy: .init(failures: 1, coolDown: .seconds(10)))
        breaker.failed(at: at(0))
        #expect(breaker.admit(at: at(10)) == .proceed)
        #expect(breaker.admit(at: at(20)) == .proceed)
    }

    @Test func lateFailuresDoNotProlong() {
        var breaker = CircuitBreaker(policy: .init(failures: 1, coolDown: .seconds(10)))
        breaker.failed(at: at(0))
        breaker.failed(at: at(9))
        #expect(breaker.admit(at: at(10)) == .proceed)
    }

    @Test func zeroTurnsItOff() {
        var breaker = CircuitBreaker(policy: .init(failures: 0, coolDown: .seconds(10)))
        for _ in 0..<100 { breaker.failed(at: at(0)) }
        #expect(breaker.admit(at: at(0)) == .proceed)
    }

    @Test(
        arguments: [
            ("120", Duration.seconds(120)), ("0", .zero), ("-1", nil), ("soon", nil), ("99999999999", nil),
            ("Tue, 14 Nov 2023 22:13:30 GMT", .seconds(10)), ("Tue, 14 Nov 2023 22:13:10 GMT", .zero),
        ] as [(String, Duration?)])
    func retryAfterIsSecondsOrADate(value: String, expected: Duration?) {
        let response = HTTPResponse(status: 429, headers: [HTTPHeader("retry-after", value)])
        #expect(response.retryAfter(now: Timestamp(seconds: 1_700_000_000)) == expected)
    }
}
