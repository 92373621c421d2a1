internal import CCurl
internal import Domain
import Synchronization

/// The thread that moves all bytes of one client: a multi handle with its pool of open connections.
///
/// One thread serves any number of requests at once, because libcurl never waits inside `curl_multi_perform`; the
/// waiting is in `curl_multi_poll`, on this thread and not in the cooperative pool.
///
/// `@unchecked Sendable`: `multi`, `active` and `nextLook` are touched by the loop's thread only (`curl_multi_wakeup` is the one
/// call libcurl allows from others); what others hand over goes through the locked inbox.
final class TransferLoop: @unchecked Sendable {
    private struct Inbox {
        var arrivals: [Transfer] = []
        var cancellations: [Transfer] = []
        var isClosed = false
    }

    private let multi: UnsafeMutableRawPointer
    private var active: [ObjectIdentifier: Transfer] = [:]
    /// When the active transfers are looked through for those that are late.
    private var nextLook = ContinuousClock.now
    private let inbox = Mutex(Inbox())

    /// libcurl wants this once in a process, before any other call; a global is initialised once.
    private static let isReady: Bool = marquee_global_init() == CURLE_OK

    /// Does so now; who uses handles of its own calls it first.
    static func initializeLibrary() { precondition(isReady, "libcurl cannot initialise its TLS library") }

    init(connectionsPerServer: Int, idleConnections: Int) {
        Self.initializeLibrary()
        guard let multi = curl_multi_init() else { preconditionFailure("libcurl is out of memory") }
        self.multi = multi
        // 0 is no limit.
        marquee_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerServer)
        marquee_multi_set_long(multi, CURLMOPT_MAXCONNECTS, idleConnections)
        // The thread holds the loop until close() ends it, so the multi handle outlives every use.
        SystemThread.start("http-client") { [self] in run() }
    }

    deinit { curl_multi_cleanup(multi) }

    func submit(_ transfer: Transfer) {
        let isClosed = inbox.withLock { inbox in
            if !inbox.isClosed { inbox.arrivals.append(transfer) }
            return inbox.isClosed
        }
        if isClosed { transfer.finish(.closed) } else { curl_multi_wakeup(multi) }
    }

    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        inbox.withLock { $0.cancellations.append(transfer) }
        curl_multi_wakeup(multi)
    }

    /// Ends the thread; whatever is still on the wire finishes as closed.
    func close() {
        inbox.withLock { $0.isClosed = true }
        curl_multi_wakeup(multi)
    }

    private func run() {
        while true {
            let (arrivals, cancellations, isClosed) = inbox.withLock { inbox in
                defer {
                    inbox.arrivals.removeAll()
                    inbox.cancellations.removeAll()
                }
                return (inbox.arrivals, inbox.cancellations, inbox.isClosed)
            }
            for transfer in arrivals { start(transfer) }
            for transfer in cancellations { stop(transfer, as: .cancelled) }
            if isClosed { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect()
            expire()
            curl_multi_poll(multi, nil, 0, 1000, nil)
        }
        for transfer in Array(active.values) { stop(transfer, as: .closed) }
    }

    private func start(_ transfer: Transfer) {
        guard !transfer.isCancelled.load(ordering: .acquiring) else { return transfer.finish(.cancelled) }
        let result = curl_multi_add_handle(multi, transfer.easyHandle)
        guard result == CURLM_OK else {
            let reason = String(cString: curl_multi_strerror(result))
            return transfer.finish(.failed(code: CURLE_FAILED_INIT.rawValue, reason: reason))
        }
        active[ObjectIdentifier(transfer)] = transfer
    }

    private func stop(_ transfer: Transfer, as outcome: Transfer.Outcome) {
        guard active.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return }
        curl_multi_remove_handle(multi, transfer.easyHandle)
        transfer.finish(outcome)
    }

    /// Ends what is late. libcurl does that itself; this holds whatever a transfer waits for.
    private func expire() {
        let now = ContinuousClock.now
        guard now >= nextLook else { return }
        nextLook = now + .seconds(1)
        for transfer in Array(active.values) where transfer.deadline <= now {
            stop(transfer, as: .failed(code: CURLE_OPERATION_TIMEDOUT.rawValue, reason: "no connection became free"))
        }
    }

    private func collect() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let context = marquee_easy_private(message.pointee.easy_handle)
            else { continue }
            // `active` holds the transfer until stop(), so the pointer it put into the handle is alive.
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            // Read before stop(): removing the handle frees the message.
            let result = marquee_message_result(message)
            stop(transfer, as: transfer.outcome(of: result))
        }
    }
}
