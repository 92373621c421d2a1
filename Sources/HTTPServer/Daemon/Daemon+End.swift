internal import CMicrohttpdGate
internal import Glibc
internal import Synchronization

/// The end of a connection: what libmicrohttpd turned away is answered here, past it and as all else.
extension Daemon {
    /// Called on the connection's thread when its last request was refused, and before libmicrohttpd closes the socket. The
    /// first call counts.
    func end(_ client: ClientConnection) {
        guard !client.hasEnded else { return }
        client.hasEnded = true
        // libmicrohttpd closes an encrypted connection by itself; an answer past it would be no TLS.
        guard !isEncrypted else { return }
        // The watch cuts a connection that neither side closes.
        let deadline = connections.deadline(after: .seconds(5))
        if let refusal = unanswered(on: client), client.enter(.sending, until: deadline) {
            LastAnswer.send(LastAnswer.bytes(of: refusal, handler), to: client.socket)
        }
        shutdown(client.socket, Int32(SHUT_WR))
    }

    /// Why the bytes that came last on the connection were not answered; nil if none were left or nobody is there.
    private func unanswered(on client: ClientConnection) -> HTTPRefusal? {
        if let status = client.refusedStatus { return refusal(status: status, at: client.part) }
        // A request line without a blank makes libmicrohttpd close without a word. It closes the same way at a stop, after
        // its time-out, after an answer that was the last, and when the client has closed.
        guard client.part == .line, !client.isLast, !isDraining.load(ordering: .relaxed) else { return nil }
        let idle = ClientConnections.tick * Int(connections.now - client.waitingSince)
        guard idle + .seconds(2) < configuration.idleTimeout else { return nil }
        return isThere(client) ? refusal(status: 400, at: .line) : nil
    }

    /// Whether somebody sent a request line and reads on. Who has closed for writing after an answer has most likely sent no
    /// further line: how many bytes libmicrohttpd has read and left is not known here.
    private func isThere(_ client: ClientConnection) -> Bool {
        let end = marquee_pollrdhup
        var place = pollfd(fd: client.socket, events: end, revents: 0)
        guard poll(&place, 1, 0) > 0 else { return true }
        guard place.revents & Int16(POLLERR | POLLHUP) == 0, !client.hasAnswered else { return false }
        // The end itself counts as one byte.
        return marquee_tcp_received(client.socket) > 1
    }

    private func refusal(status: UInt32, at part: ClientConnection.Part) -> HTTPRefusal {
        switch status {
        case 413: return .bodyTooLarge(limit: configuration.maximumBodyBytes)
        case 414: return .targetTooLong(limit: configuration.maximumTargetBytes)
        case 431: return .headersTooLarge(limit: configuration.maximumHeaderBytes)
        case 501: return .unsupportedTransferCoding
        case 505: return .unsupportedVersion
        default:
            switch part {
            case .line: return .malformed(reason: "The request line is not METHOD PATH HTTP/1.1.")
            case .headers: return .malformed(reason: "A header field, or its Content-Length, is malformed.")
            case .body: return .malformed(reason: "The chunks of the body are malformed.")
            }
        }
    }
}

/// Answers that are the last on their connection and go straight to its socket.
enum LastAnswer {
    /// The whole response, head and body.
    static func bytes(of refusal: HTTPRefusal, _ handler: any HTTPHandler) -> [UInt8] {
        let id = RequestID.next()
        let response = handler.refuse(refusal, id: id)
        let fields = response.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head = """
            HTTP/1.1 \(response.status) \(HTTPProblem.title(of: response.status))\r
            Content-Type: \(response.contentType)\r
            Content-Length: \(response.body.count)\r
            X-Request-Id: \(id)\r
            \(fields)Connection: close\r
            \r

            """
        return Array(head.utf8) + response.body
    }

    /// Sends without waiting. What the client still sends is read and dropped, up to a limit: closing a socket with unread
    /// bytes would take the answer back.
    static func send(_ bytes: [UInt8], to socket: Int32) {
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, flags) }
        shutdown(socket, Int32(SHUT_WR))
        var dropped = [UInt8](repeating: 0, count: 65536)
        for _ in 0..<32 where recv(socket, &dropped, dropped.count, Int32(MSG_DONTWAIT)) <= 0 { return }
    }
}
