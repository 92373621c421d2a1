internal import Foundation

/// A connection that comes back: opened when it is needed, and again with growing pauses when it broke. One thread owns it.
public final class PostgresSession {
    /// Where it leads to.
    public let address: PostgresAddress
    private let isUnwanted: @Sendable () -> Bool
    private let prepare: (PostgresConnection) throws -> Void
    private let onTrouble: (PostgresError, Duration) -> Void
    private var connection: PostgresConnection?
    private static let longestPause = Duration.seconds(10)

    /// - Parameters:
    ///   - isUnwanted: asked while it waits; it gives up once it is true.
    ///   - prepare: done to each new connection.
    ///   - onTrouble: told what went wrong and how long it waits before it tries again.
    public init(
        _ address: PostgresAddress, isUnwanted: @escaping @Sendable () -> Bool = { false },
        prepare: @escaping (PostgresConnection) throws -> Void = { _ in },
        onTrouble: @escaping (PostgresError, Duration) -> Void = { _, _ in }
    ) {
        self.address = address
        self.isUnwanted = isUnwanted
        self.prepare = prepare
        self.onTrouble = onTrouble
    }

    /// Runs `body` until it does not fail for a reason that passes. It must be such that it may run again after a broken
    /// connection, whatever became of it before.
    /// - Throws: what will not pass by itself; `CancellationError` once nobody wants it any more.
    public func run<R>(_ body: (PostgresConnection) throws -> R) throws -> R {
        var pause = Duration.milliseconds(200)
        while true {
            do {
                return try body(open())
            } catch let error as PostgresError {
                if error.endsConnection { connection = nil }
                guard error.isTransient else { throw error }
                if isUnwanted() { throw CancellationError() }
                onTrouble(error, pause)
            }
            // A fifth more or less: several that lost the same server do not come back in one moment.
            let end = ContinuousClock.now + pause * Double.random(in: 0.8...1.2)
            while ContinuousClock.now < end {
                if isUnwanted() { throw CancellationError() }
                Thread.sleep(forTimeInterval: 0.05)
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func open() throws -> PostgresConnection {
        if let connection { return connection }
        let new = try PostgresConnection(address, isUnwanted: isUnwanted)
        try prepare(new)
        connection = new
        return new
    }
}
