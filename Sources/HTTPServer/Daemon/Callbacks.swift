internal import CGnuTLS
internal import CMicrohttpd
internal import CMicrohttpdGate
internal import Glibc
internal import Synchronization

/// What libmicrohttpd calls, on the thread of the connection's event loop, in this order: connection started; for each
/// request target, request (headers), request (each piece of body), request (end; again after each resumption),
/// completed; connection closed.
enum Callbacks {
    /// The raw target, before libmicrohttpd takes it apart: it would decode first and split after.
    static let target:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?)
            -> UnsafeMutableRawPointer? = { context, uri, connection in
                guard let uri, let connection, let client = client(of: connection) else { return nil }
                let daemon = daemon(context)
                let target = Array(
                    UnsafeBufferPointer(start: uri, count: strlen(uri)).lazy.map { UInt8(bitPattern: $0) })
                let exchange = Exchange(
                    client: client, connection: connection, handler: daemon.handler, target: target)
                daemon.requestsInFlight.wrappingAdd(1, ordering: .relaxed)
                // After the request is counted: whoever waits for both to be none sees one of them.
                daemon.hasBegun(client)
                client.part = .headers
                // A connection that was just opened keeps its earlier deadline: it began before this line was complete.
                let deadline = daemon.connections.deadline(after: daemon.configuration.requestDeadline)
                _ = client.enter(.receiving, until: deadline)
                // Released in `completed`, which libmicrohttpd calls for every request it asked a target of.
                return Unmanaged.passRetained(exchange).toOpaque()
            }

    /// Decoding is ours (HTTPTarget); libmicrohttpd's would turn bad encodings into other text.
    static let unescape:
        @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?) -> Int =
            { _, _, text in text.map { strlen($0) } ?? 0 }

    static let request: MHD_AccessHandlerCallback = { context, connection, _, method, version, data, size, slot in
        guard let connection, let method, let version, let size, let object = slot?.pointee else { return .NO }
        let exchange = Unmanaged<Exchange>.fromOpaque(object).takeUnretainedValue()
        let daemon = daemon(context)
        switch exchange.step {
        case .head:
            exchange.step = .body
            exchange.client.part = .body
            exchange.method = HTTPMethod(String(cString: method))
            daemon.readHead(of: exchange, connection: connection, version: version)
            // Who asks first is told first, and need not send the body in vain. A body of unknown coding has no end.
            if let refusal = exchange.refusal,
                exchange.headers["expect"] != nil || refusal == .unsupportedTransferCoding
            {
                return daemon.refuse(refusal, exchange, connection)
            }
            return .YES
        case .body:
            if size.pointee > 0 {
                exchange.receive(
                    UnsafeBufferPointer(start: data, count: size.pointee), limit: daemon.configuration.maximumBodyBytes)
                size.pointee = 0
                return .YES
            }
            exchange.step = .answer
            return daemon.answer(exchange, connection)
        case .answer:
            guard let response = exchange.answer() else { return .NO }
            return daemon.send(response, exchange, connection)
        }
    }

    static let completed: MHD_RequestCompletedCallback = { context, connection, slot, how in
        guard let slot, let object = slot.pointee else { return }
        slot.pointee = nil
        let exchange = Unmanaged<Exchange>.fromOpaque(object).takeRetainedValue()
        let daemon = daemon(context)
        daemon.requestsInFlight.wrappingSubtract(1, ordering: .relaxed)
        // Otherwise there is no next one, and where it broke off is still of interest.
        if how == .REQUEST_TERMINATED_COMPLETED_OK {
            exchange.client.part = .line
            exchange.client.waitingSince = daemon.connections.now
            exchange.client.hasAnswered = true
        }
        let next = daemon.configuration.idleTimeout + daemon.configuration.requestDeadline
        _ = exchange.client.enter(.receiving, until: daemon.connections.deadline(after: next))
    }

    static let connection: MHD_NotifyConnectionCallback = { context, connection, slot, event in
        guard let connection, let slot else { return }
        let daemon = daemon(context)
        switch event {
        case .CONNECTION_NOTIFY_STARTED:
            let client = ClientConnection(
                socket: marquee_mhd_socket(connection), daemon: daemon, now: daemon.connections.now,
                deadline: daemon.connections.deadline(after: daemon.configuration.requestDeadline))
            daemon.connections.insert(client)
            slot.pointee = Unmanaged.passRetained(client).toOpaque()
        case .CONNECTION_NOTIFY_CLOSED:
            // libmicrohttpd closes the socket after this returns, and not before.
            guard let object = slot.pointee else { return }
            slot.pointee = nil
            let client = Unmanaged<ClientConnection>.fromOpaque(object).takeRetainedValue()
            daemon.hasBegun(client)
            daemon.end(client)
            daemon.connections.remove(client)
            daemon.acceptor.left()
        @unknown default: break
        }
    }

    /// libmicrohttpd is about to answer by itself, and closes the connection instead: ``Daemon/end(_:)`` answers, at once,
    /// because after some refusals, such as that of a trailer, it closes only when something happens on the connection.
    /// What it answered before has gone out: it looks at the next request only then.
    static let refused: @convention(c) (OpaquePointer?, UInt32) -> Void = { connection, status in
        guard let connection, let client = client(of: connection) else { return }
        client.refusedStatus = status
        client.daemon.end(client)
        shutdown(client.socket, marquee_shut_rd)
    }

    /// GnuTLS asks, in the handshake, which certificate to show. libmicrohttpd keeps its connection with the session.
    static let chooseCertificate: marquee_tls_chooser = { session, _, _, _, _, certificates, count, key in
        guard let client = gnutls_session_get_ptr(session).flatMap({ client(of: OpaquePointer($0)) }),
            let identity = client.daemon.identity.withLock({ $0 })
        else { return -1 }
        client.identity = identity
        identity.give(certificates, count, key)
        return 0
    }

    private static func daemon(_ context: UnsafeMutableRawPointer?) -> Daemon {
        Unmanaged<Daemon>.fromOpaque(context!).takeUnretainedValue()
    }

    private static func client(of connection: OpaquePointer) -> ClientConnection? {
        marquee_mhd_socket_context(connection).map {
            Unmanaged<ClientConnection>.fromOpaque($0).takeUnretainedValue()
        }
    }
}
