internal import CMicrohttpd
internal import Synchronization

/// A stream on its way to one client: what libmicrohttpd reads it through.
///
/// `@unchecked Sendable`: the C connection is used by other threads only to resume it, once, while it is suspended and so
/// alive.
final class StreamedAnswer: @unchecked Sendable {
    private let stream: HTTPStream
    private let client: ClientConnection
    private let connection: OpaquePointer

    private init(_ stream: HTTPStream, _ client: ClientConnection, _ connection: OpaquePointer) {
        self.stream = stream
        self.client = client
        self.connection = connection
    }

    /// The response whose body is the stream. From here on the stream ends when the daemon drains.
    static func response(
        _ stream: HTTPStream, to client: ClientConnection, on connection: OpaquePointer
    ) -> OpaquePointer? {
        let answer = Unmanaged.passRetained(StreamedAnswer(stream, client, connection))
        guard let response = marquee_mhd_stream(read, answer.toOpaque(), release) else {
            answer.release()
            return nil
        }
        client.stream(stream)
        // Either the drain finds the stream, or this finds the drain.
        if client.daemon.isDraining.load(ordering: .sequentiallyConsistent) { stream.end() }
        return response
    }

    private static let read: MHD_ContentReaderCallback = { context, _, buffer, size in
        guard let context, let buffer else { return marquee_mhd_stream_failed }
        let answer = Unmanaged<StreamedAnswer>.fromOpaque(context).takeUnretainedValue()
        return answer.read(UnsafeMutableRawBufferPointer(start: buffer, count: size))
    }

    private static let release: MHD_ContentReaderFreeCallback = { context in
        guard let context else { return }
        let answer = Unmanaged<StreamedAnswer>.fromOpaque(context).takeRetainedValue()
        answer.stream.close()
        answer.client.stream(nil)
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let daemon = client.daemon
        let step = stream.read(into: buffer) {
            MHD_suspend_connection(connection)
        } wake: { [self] in
            MHD_resume_connection(connection)
        }
        switch step {
        case .bytes(let count):
            // A client that takes none of it until then is cut.
            let deadline = daemon.connections.deadline(after: daemon.configuration.sendDeadline)
            return client.enter(.sending, until: deadline) ? count : marquee_mhd_stream_failed
        case .wait:
            // Nothing is due. If it was cut meanwhile, that shows when it is woken.
            _ = client.enter(.sending, until: ClientConnections.never)
            return 0
        case .end: return marquee_mhd_stream_ended
        case .abort: return marquee_mhd_stream_failed
        }
    }
}
