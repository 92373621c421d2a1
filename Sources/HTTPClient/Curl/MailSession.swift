internal import CCurl
internal import Domain

/// An easy handle with its connection, and what is known of the mail in hand.
///
/// `@unchecked Sendable`: used under the mutex of its transport alone; callbacks run inside of ``perform()``.
final class MailSession: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    private let server: MailServer
    private let timeout: Duration
    private let words: UnsafeMutablePointer<CChar>
    private var receivers: UnsafeMutablePointer<curl_slist>?
    private var body: [UInt8] = []
    private var sent = 0
    private var isMail = false
    /// Whether the server was asked to take the mail.
    private var isAsked = false
    private var reply = ""
    private var isUnwanted: @Sendable () -> Bool = { false }
    private var mayFinish: @Sendable () -> Bool = { true }
    private var wasStopped = false

    /// - Returns: nil if libcurl has no memory left.
    init?(_ server: MailServer, timeout: Duration) {
        // Made before the first handle, as for requests.
        TransferLoop.initializeLibrary()
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        self.server = server
        self.timeout = timeout
        words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        // Says QUIT to a connection that is still open, and waits for the answer.
        curl_easy_cleanup(handle)
        curl_slist_free_all(receivers)
        words.deallocate()
    }

    func mail(
        _ message: [UInt8], from sender: String, to receiver: String, _ isUnwanted: @escaping @Sendable () -> Bool,
        _ mayFinish: @escaping @Sendable () -> Bool
    ) {
        begin()
        isMail = true
        body = message
        self.isUnwanted = isUnwanted
        self.mayFinish = mayFinish
        marquee_easy_set_string(handle, CURLOPT_MAIL_FROM, sender)
        receivers = curl_slist_append(nil, receiver)
        marquee_easy_set_list(handle, CURLOPT_MAIL_RCPT, receivers)
        marquee_easy_set_long(handle, CURLOPT_UPLOAD, 1)
        marquee_easy_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(message.count))
    }

    func greet(_ isUnwanted: @escaping @Sendable () -> Bool) {
        begin()
        self.isUnwanted = isUnwanted
        marquee_easy_set_string(handle, CURLOPT_CUSTOMREQUEST, "NOOP")
    }

    /// Options of every exchange; the connection outlives them.
    private func begin() {
        curl_easy_reset(handle)
        curl_slist_free_all(receivers)
        receivers = nil
        (body, sent, isMail, isAsked, reply, wasStopped) = ([], 0, false, false, "", false)
        let context = Unmanaged.passUnretained(self).toOpaque()
        marquee_easy_set_string(handle, CURLOPT_URL, server.url)
        marquee_easy_set_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        marquee_easy_set_string(handle, CURLOPT_PROXY, "")
        marquee_easy_set_long(handle, CURLOPT_NOSIGNAL, 1)
        marquee_easy_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        marquee_easy_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        marquee_easy_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if server.protection == .startTLS {
            marquee_easy_set_long(handle, CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        }
        if let file = server.certificateAuthority { marquee_easy_set_string(handle, CURLOPT_CAINFO, file) }
        if let user = server.user, let password = server.password {
            marquee_easy_set_string(handle, CURLOPT_USERNAME, user)
            marquee_easy_set_string(handle, CURLOPT_PASSWORD, password)
        }
        marquee_easy_set_long(handle, CURLOPT_TIMEOUT_MS, timeout.millisecondsRoundedUp)
        marquee_easy_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, min(timeout, .seconds(30)).millisecondsRoundedUp)
        // A server may look at a mail for long before it answers; who does not wait sends it twice (RFC 5321, 4.5.3.2.6).
        marquee_easy_set_long(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, timeout.millisecondsRoundedUp / 1000))
        // A connection that was idle for longer may be dead.
        marquee_easy_set_long(handle, CURLOPT_MAXAGE_CONN, 20)
        marquee_easy_set_pointer(handle, CURLOPT_ERRORBUFFER, words)
        words[0] = 0
        marquee_easy_set_pointer(handle, CURLOPT_READDATA, context)
        marquee_easy_set_pointer(handle, CURLOPT_HEADERDATA, context)
        marquee_easy_set_pointer(handle, CURLOPT_XFERINFODATA, context)
        marquee_easy_set_callback(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let session = Unmanaged<MailSession>.fromOpaque(context).takeUnretainedValue()
            return session.give(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        marquee_easy_set_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let session = Unmanaged<MailSession>.fromOpaque(context).takeUnretainedValue()
            session.hear(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        // Answers to NOOP would go to standard output.
        marquee_easy_set_callback(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        // Says which commands are sent: by the first of a mail its own trouble is told from that of the server.
        marquee_easy_set_long(handle, CURLOPT_VERBOSE, 1)
        marquee_easy_set_pointer(handle, CURLOPT_DEBUGDATA, context)
        marquee_easy_set_debug(handle) { _, kind, bytes, size, context in
            guard kind == CURLINFO_HEADER_OUT, let bytes, let context else { return 0 }
            Unmanaged<MailSession>.fromOpaque(context).takeUnretainedValue()
                .say(UnsafeRawBufferPointer(start: bytes, count: size))
            return 0
        }
        marquee_easy_set_long(handle, CURLOPT_NOPROGRESS, 0)
        marquee_easy_set_progress(handle) { context, _, _, _, _ in
            guard let context else { return 0 }
            return Unmanaged<MailSession>.fromOpaque(context).takeUnretainedValue().shouldStop ? 1 : 0
        }
    }

    private var shouldStop: Bool {
        guard sent == 0, isUnwanted() else { return false }
        wasStopped = true
        return true
    }

    private func give(_ room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, body.count - sent)
        if count > 0, sent + count == body.count, !mayFinish() {
            wasStopped = true
            return Int(CURL_READFUNC_ABORT)
        }
        body.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[sent..<(sent + count)])) }
        sent += count
        return count
    }

    private func say(_ command: UnsafeRawBufferPointer) {
        if command.starts(with: Array("MAIL ".utf8)) { isAsked = true }
    }

    private func hear(_ line: UnsafeRawBufferPointer) {
        // What refused the mail is the answer; the good-bye that follows is not.
        let refusals = UInt8(ascii: "4")...UInt8(ascii: "5")
        if let known = reply.utf8.first, refusals ~= known, let first = line.first, !(refusals ~= first) { return }
        // It goes into messages: printable, and not long.
        reply = String(decoding: line.prefix(200).map { 0x20..<0x7F ~= $0 ? $0 : 0x20 }, as: UTF8.self)
        while reply.last == " " || reply.last == "." { reply.removeLast() }
    }

    /// Nil if the mail was taken.
    func perform() -> MailError? {
        let result = curl_easy_perform(handle)
        guard result != CURLE_OK else { return nil }
        if wasStopped { return .stopped }
        let status = marquee_easy_response_code(handle)
        let detail = words[0] == 0 ? String(cString: curl_easy_strerror(result)) : String(cString: words)
        return failure(result.rawValue, status: status, reason: detail)
    }

    private func failure(_ code: UInt32, status: Int, reason: String) -> MailError {
        let (name, isWhole) = (server.server, isMail && sent == body.count)
        let extent: MailExtent = isWhole ? .whole : isMail && isAsked ? .part : .nothing
        switch code {
        // COULDNT_RESOLVE_PROXY, COULDNT_RESOLVE_HOST, COULDNT_CONNECT
        case 5, 6, 7: return .cannotConnect(server: name, reason: reason)
        // OPERATION_TIMEDOUT
        case 28: return .silent(server: name, extent: extent)
        case 35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91: return .untrusted(server: name, reason: reason)
        case 64: return .unprotected(server: name)
        case 67: return .loginRefused(server: name, reply: reply.isEmpty ? reason : reply)
        // SEND_ERROR to MAIL, RCPT and DATA; WEIRD_SERVER_REPLY to the mail itself, and to a greeting
        case 55 where status >= 400, 8 where status >= 400 && isWhole:
            switch status {
            case 421: return .notNow(server: name, reply: reply)
            case 530, 534, 535, 538: return .loginRefused(server: name, reply: reply)
            default: return .refused(server: name, reply: reply, isPermanent: status >= 500)
            }
        case 8, 9: return .notNow(server: name, reply: reply.isEmpty ? reason : reply)
        default: return .lost(server: name, reason: reason, extent: extent)
        }
    }
}
