import Foundation
import TestSupport
import Testing

/// SIGTERM ends a command whenever it comes.
@Suite struct SignalTests {
    /// While a command starts it may have its default action; that it is lost must not happen.
    @Test func noSignalIsLostAtTheStart() async throws {
        try await withTemporaryFolder { folder in
            for attempt in 0..<60 {
                let broker = try MarqueeProcess(["broker"], in: folder)
                try await Task.sleep(for: .milliseconds(attempt))
                broker.signal(SIGTERM)
                try await eventually("attempt \(attempt) ends", patience: .seconds(20)) { !broker.isRunning }
            }
        }
    }
}
