internal import CMicrohttpd
internal import Synchronization

/// One request on its way through, and the answer on its way back.
///
/// `@unchecked Sendable`: all properties but `state` are touched by the connection's thread alone, and `state` is a
/// mutex; the C connection is used by other threads only to resume it, once, while it is suspended and so alive.
final class Exchange: @unchecked Sendable {
    enum Step { case head, body, answer }

    private enum State {
        case open
        /// Suspended; the task is known as soon as it has been made.
        case working(Task<Void, Never>?)
        case answered(HTTPResponse)
    }

    let client: ClientConnection
    let target: [UInt8]
    var step = Step.head
    var method = HTTPMethod.get
    var headers = HTTPHeaders()
    var body: [UInt8] = []
    var refusal: HTTPRefusal?
    private(set) var id = ""
    private let connection: OpaquePointer
    private let handler: any HTTPHandler
    private let state = Mutex(State.open)

    init(client: ClientConnection, connection: OpaquePointer, handler: any HTTPHandler, target: [UInt8]) {
        self.client = client
        self.connection = connection
        self.handler = handler
        self.target = target
    }

    func identify() {
        if let sent = headers["x-request-id"], RequestID.isAcceptable(sent) { id = sent } else { id = RequestID.next() }
    }

    func receive(_ bytes: UnsafeBufferPointer<CChar>, limit: Int) {
        guard refusal == nil else { return }
        guard body.count + bytes.count <= limit else {
            // The rest is read and dropped: a client that is still writing would not see an answer.
            refusal = .bodyTooLarge(limit: limit)
            body = []
            return
        }
        bytes.withMemoryRebound(to: UInt8.self) { body.append(contentsOf: $0) }
    }

    /// Suspends the connection and runs `work`. Called on the connection's thread.
    ///
    /// The order matters: suspended before others can find this exchange and resume it, findable before the last look
    /// at whether the server is stopping, so that either the stop finds it or it finds the stop.
    func suspend(unless isStopping: borrowing Atomic<Bool>, _ work: @escaping @Sendable () async -> HTTPResponse) {
        MHD_suspend_connection(connection)
        state.withLock { $0 = .working(nil) }
        client.work(on: self)
        if isStopping.load(ordering: .sequentiallyConsistent) { return finish(refusal: .stopping) }
        let task = Task { finish(await work()) }
        let isOpen = state.withLock { state in
            guard case .working = state else { return false }
            state = .working(task)
            return true
        }
        // Ended before the task was known, so whoever ended it could not cancel it.
        if !isOpen { task.cancel() }
    }

    /// Ends the wait with an answer and resumes the connection; only the first call does anything.
    func finish(_ response: HTTPResponse) {
        let isFirst = state.withLock { state in
            guard case .working = state else { return false }
            state = .answered(response)
            return true
        }
        guard isFirst else { return }
        client.work(on: nil)
        MHD_resume_connection(connection)
    }

    /// Ends the wait without the handler, whose task is cancelled.
    func finish(refusal: HTTPRefusal) {
        let task: Task<Void, Never>? = state.withLock { if case .working(let task) = $0 { task } else { nil } }
        finish(handler.refuse(refusal, id: id))
        task?.cancel()
    }

    /// The answer, once there is one. Called on the connection's thread after the connection was resumed.
    func answer() -> HTTPResponse? {
        state.withLock { if case .answered(let response) = $0 { response } else { nil } }
    }
}
