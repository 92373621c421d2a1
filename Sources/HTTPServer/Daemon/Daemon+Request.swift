internal import CMicrohttpd
internal import CMicrohttpdGate
internal import Glibc
internal import Synchronization

/// The way of one request, on the thread of its connection.
extension Daemon {
    /// Copies the headers and decides whether they can be served. A refusal is sent once the body has been read.
    func readHead(of exchange: Exchange, connection: OpaquePointer, version: UnsafePointer<CChar>) {
        withUnsafeMutablePointer(to: &exchange.headers) { headers in
            _ = MHD_get_connection_values_n(
                connection, .HEADER_KIND,
                { headers, _, name, nameSize, value, valueSize in
                    guard let headers = headers?.assumingMemoryBound(to: HTTPHeaders.self), let name else { return .NO }
                    headers.pointee.append(
                        name: UnsafeBufferPointer(start: UnsafePointer<UInt8>(OpaquePointer(name)), count: nameSize),
                        value: UnsafeBufferPointer(
                            start: value.map { UnsafePointer<UInt8>(OpaquePointer($0)) }, count: valueSize))
                    return .YES
                }, headers)
        }
        exchange.identify()
        let isVersion11 = strcmp(version, "HTTP/1.1") == 0
        exchange.refusal = refusal(of: exchange, isVersion11: isVersion11)
        if !isVersion11 || exchange.headers["connection"]?.lowercased().contains("close") == true {
            exchange.client.isLast = true
        }
    }

    private func refusal(of exchange: Exchange, isVersion11: Bool) -> HTTPRefusal? {
        let headers = exchange.headers
        if exchange.target.count > configuration.maximumTargetBytes {
            return .targetTooLong(limit: configuration.maximumTargetBytes)
        }
        if headers.byteCount > configuration.maximumHeaderBytes {
            return .headersTooLarge(limit: configuration.maximumHeaderBytes)
        }
        if headers.isMalformed {
            return .badHeaders(reason: "A header field has no name, or a blank or control character where none may be.")
        }
        let hosts = headers.values(of: "host").count
        if hosts > 1 || (hosts == 0 && isVersion11) {
            return .badHeaders(reason: "There must be exactly one Host header.")
        }
        let lengths = headers.values(of: "content-length")
        if let coding = headers["transfer-encoding"] {
            // Both together is how requests are smuggled past a proxy (RFC 9112, 6.1).
            if !lengths.isEmpty {
                return .badHeaders(reason: "Content-Length and Transfer-Encoding exclude each other.")
            }
            if coding.lowercased() != "chunked" { return .unsupportedTransferCoding }
        }
        if let encoding = headers["content-encoding"], !["", "identity"].contains(encoding.lowercased()) {
            return .unsupportedContentEncoding
        }
        if lengths.count > 1 { return .badHeaders(reason: "There may be only one Content-Length header.") }
        if let length = lengths.first {
            guard let bytes = Int(length), bytes >= 0 else {
                return .badHeaders(reason: "The Content-Length is not a number of bytes.")
            }
            if bytes > configuration.maximumBodyBytes { return .bodyTooLarge(limit: configuration.maximumBodyBytes) }
        }
        return nil
    }

    /// Hands the whole request to the handler, and its answer back or to a task.
    func answer(_ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
        if let refusal = exchange.refusal { return refuse(refusal, exchange, connection) }
        let target: HTTPTarget
        do throws(HTTPRefusal) {
            target = try HTTPTarget(exchange.target, maximumParameters: configuration.maximumQueryParameters)
        } catch {
            return refuse(error, exchange, connection)
        }
        let request = HTTPRequest(
            id: exchange.id, method: exchange.method, path: target.path, segments: target.segments,
            query: target.query, headers: exchange.headers, body: exchange.body)
        exchange.body = []
        switch handler.respond(to: request) {
        case .now(let response):
            return send(response, exchange, connection)
        case .later(let work):
            let deadline = connections.deadline(after: configuration.answerDeadline)
            guard exchange.client.enter(.answering, until: deadline) else { return .NO }
            exchange.suspend(unless: isStopping, work)
            return .YES
        }
    }

    /// Refuses and closes the connection: what follows on it cannot be trusted to be a request.
    func refuse(_ refusal: HTTPRefusal, _ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
        send(handler.refuse(refusal, id: exchange.id), exchange, connection, closing: true)
    }

    func send(
        _ response: HTTPResponse, _ exchange: Exchange, _ connection: OpaquePointer, closing: Bool = false
    ) -> MHD_Result {
        guard exchange.client.enter(.sending, until: connections.deadline(after: configuration.sendDeadline)),
            let message = message(of: response, exchange, connection)
        else { return .NO }
        defer { MHD_destroy_response(message) }
        if !response.contentType.isEmpty { MHD_add_response_header(message, "Content-Type", response.contentType) }
        MHD_add_response_header(message, "X-Request-Id", exchange.id)
        for field in response.headers { MHD_add_response_header(message, field.name, field.value) }
        if closing || isDraining.load(ordering: .relaxed) {
            MHD_add_response_header(message, "Connection", "close")
            exchange.client.isLast = true
        }
        return marquee_mhd_queue(connection, UInt32(clamping: response.status), message) != 0 ? .YES : .NO
    }

    private func message(
        of response: HTTPResponse, _ exchange: Exchange, _ connection: OpaquePointer
    ) -> OpaquePointer? {
        if let stream = response.stream {
            return StreamedAnswer.response(stream, to: exchange.client, on: connection)
        }
        return response.body.withUnsafeBytes { marquee_mhd_response($0.baseAddress, $0.count) }
    }
}
