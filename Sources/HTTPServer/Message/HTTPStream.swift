internal import Synchronization

/// A body without an end that is known: it is written while the client reads, piece by piece, from any thread.
///
///     let stream = HTTPStream()
///     return .now(HTTPResponse(contentType: "text/event-stream", stream: stream))
///     …
///     stream.write(Array("data: hello\n\n".utf8))
///
/// Nothing runs for a stream that nobody writes to: its connection is suspended, so that thousands may wait.
public final class HTTPStream: Sendable {
    private struct State {
        var pending: [UInt8] = []
        /// Of `pending`, bytes that were handed to the connection.
        var sent = 0
        var isEnded = false
        /// The client went, or was too slow.
        var isGone = false
        /// Resumes the connection, while it is suspended.
        var wake: (@Sendable () -> Void)?
    }

    /// What the connection does next.
    enum Step: Equatable {
        case bytes(Int)
        case wait
        case end
        case abort
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: bytes that may wait for a client that reads slowly; one that lets more pile up is cut off.
    public init(limit: Int = 256 << 10) { self.limit = limit }

    /// Whether the client is still there, as far as is known: that it went is noticed at the next write.
    public var isOpen: Bool { state.withLock { !$0.isGone && !$0.isEnded } }

    /// Hands bytes on. Returns at once. O(bytes).
    /// - Returns: false if nobody reads them: the stream has ended, the client went or was cut off.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isGone, !state.isEnded else { return false }
            if state.pending.count - state.sent + bytes.count > limit {
                state.isGone = true
            } else {
                state.pending += bytes
            }
            Self.wakeUp(&state)
            return !state.isGone
        }
    }

    /// Ends the body when what was written has gone out. Returns at once; again does nothing.
    public func end() {
        state.withLock { state in
            state.isEnded = true
            Self.wakeUp(&state)
        }
    }

    private static func wakeUp(_ state: inout State) {
        guard let wake = state.wake else { return }
        state.wake = nil
        wake()
    }

    /// Copies what is pending into `buffer`; without any, `suspend` is called, before anybody can wake the connection.
    /// Called on the connection's thread.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, suspend: () -> Void, wake: @escaping @Sendable () -> Void
    ) -> Step {
        state.withLock { state in
            if state.isGone { return .abort }
            let count = min(buffer.count, state.pending.count - state.sent)
            if count > 0 {
                state.pending.withUnsafeBytes { bytes in
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[state.sent..<state.sent + count]))
                }
                state.sent += count
                if state.sent == state.pending.count {
                    state.pending.removeAll(keepingCapacity: true)
                    state.sent = 0
                }
                return .bytes(count)
            }
            if state.isEnded { return .end }
            suspend()
            state.wake = wake
            return .wait
        }
    }

    /// The connection is no more, or will never read.
    func close() {
        state.withLock { state in
            state.isGone = true
            state.wake = nil
            state.pending = []
        }
    }
}
