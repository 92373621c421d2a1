internal import CCurl
internal import Glibc
import Synchronization

/// One request on the wire: its easy handle, what has arrived so far, and who waits for it.
///
/// `@unchecked Sendable`: the maker fills it, hands it to the loop's inbox and never touches it again except for the
/// atomic flag; from then on only the loop's thread does.
final class Transfer: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let sizeLimit: Int
    private var headers: [HTTPHeader] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var isTooLarge = false
    private let cutsLongBodies: Bool
    /// Whether the transfer was ended because nobody wants more of the body.
    private var isCut = false
    private var hasRefusedAddress = false
    private var completion: (@Sendable (Outcome) -> Void)?
    /// When it must be over, whatever libcurl does.
    let deadline: ContinuousClock.Instant
    /// Set by whoever cancels, read by the loop.
    let isCancelled = Atomic(false)

    enum Outcome: Sendable {
        case response(HTTPResponse)
        case failed(code: UInt32, reason: String)
        case tooLarge
        /// Every address of the name was refused, or those that were not did not answer.
        case forbidden
        case cancelled
        case closed
    }

    /// Past this a server's header block is an attack, not an answer.
    private static let headerLimit = 256 << 10

    /// - Returns: nil if libcurl has no memory left.
    init?(
        _ request: HTTPRequest, timeout: Duration, configuration: HTTPClientConfiguration,
        completion: @escaping @Sendable (Outcome) -> Void
    ) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        sizeLimit = configuration.maximumResponseBytes
        cutsLongBodies = configuration.cutsLongResponses
        self.completion = completion
        deadline = .now + timeout + .seconds(1)
        apply(request, timeout: timeout, configuration: configuration)
    }

    deinit {
        // The loop has taken the handle off the multi handle before it lets go of the transfer.
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
    }

    var easyHandle: UnsafeMutableRawPointer { handle }

    /// Tells the waiting task, once; later calls do nothing.
    func finish(_ outcome: Outcome) {
        completion?(outcome)
        completion = nil
    }

    /// What libcurl's result code for this transfer means.
    func outcome(of result: CURLcode) -> Outcome {
        if isTooLarge { return .tooLarge }
        guard result == CURLE_OK || isCut else {
            if hasRefusedAddress { return .forbidden }
            return .failed(code: result.rawValue, reason: String(cString: curl_easy_strerror(result)))
        }
        let status = marquee_easy_response_code(handle)
        return .response(HTTPResponse(status: Int(status), headers: headers, body: body))
    }

    private func apply(_ request: HTTPRequest, timeout: Duration, configuration: HTTPClientConfiguration) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        marquee_easy_set_pointer(handle, CURLOPT_PRIVATE, context)
        marquee_easy_set_pointer(handle, CURLOPT_WRITEDATA, context)
        marquee_easy_set_pointer(handle, CURLOPT_HEADERDATA, context)
        // The callbacks run inside curl_multi_perform while the loop holds the transfer, so the unretained pointer
        // is alive.
        marquee_easy_set_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        marquee_easy_set_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.receive(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
        }

        marquee_easy_set_string(handle, CURLOPT_URL, request.url)
        marquee_easy_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        marquee_easy_set_string(handle, CURLOPT_USERAGENT, configuration.userAgent)
        // The empty string asks for every encoding libcurl can undo; the size limit counts the bytes after that.
        marquee_easy_set_string(handle, CURLOPT_ACCEPT_ENCODING, "")
        marquee_easy_set_long(handle, CURLOPT_NOSIGNAL, 1)
        marquee_easy_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        marquee_easy_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        marquee_easy_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        marquee_easy_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = configuration.certificateAuthority {
            marquee_easy_set_string(handle, CURLOPT_CAINFO, file)
        }
        marquee_easy_set_long(handle, CURLOPT_TIMEOUT_MS, timeout.millisecondsRoundedUp)
        marquee_easy_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.millisecondsRoundedUp)

        if configuration.onlyPublicAddresses { admitPublicAddressesOnly(context) }
        // On a kept connection that turns out to be dead libcurl sends the request once more by itself, whatever it is.
        if !request.isIdempotent {
            marquee_easy_set_long(handle, CURLOPT_FRESH_CONNECT, 1)
            // Nobody would use it again, and kept ones count against the limit.
            marquee_easy_set_long(handle, CURLOPT_FORBID_REUSE, 1)
        }
        applyMethodAndBody(request)
        applyHeaders(request)
    }

    /// libcurl asks for a socket when it has an address; without one it goes no further.
    private func admitPublicAddressesOnly(_ context: UnsafeMutableRawPointer) {
        marquee_easy_set_string(handle, CURLOPT_PROXY, "")
        marquee_easy_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
        // Runs inside curl_multi_perform, as the others do.
        marquee_easy_set_opensocket(handle) { context, _, address in
            guard let context, let address else { return -1 }
            let bytes = networkAddress(of: address)
            guard PublicAddress.contains(bytes) else {
                Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().hasRefusedAddress = true
                return -1
            }
            return socket(
                address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
                address.pointee.protocol)
        }
    }

    private func applyMethodAndBody(_ request: HTTPRequest) {
        if let body = request.body {
            marquee_easy_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            body.withUnsafeBytes {
                _ = marquee_easy_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress ?? emptyBody)
            }
        } else if request.method == .post {
            marquee_easy_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, 0)
            marquee_easy_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, emptyBody)
        }
        if request.method == .head {
            marquee_easy_set_long(handle, CURLOPT_NOBODY, 1)
        } else {
            marquee_easy_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    private func applyHeaders(_ request: HTTPRequest) {
        // An empty Expect keeps libcurl from waiting a second for "100 Continue" before a large body.
        headerList = curl_slist_append(headerList, "Expect:")
        for header in request.headers {
            // libcurl drops a header that ends in a colon; a semicolon sends it with an empty value.
            let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
            headerList = curl_slist_append(headerList, line)
        }
        if request.body != nil, !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headerList = curl_slist_append(headerList, "Content-Type: application/octet-stream")
        }
        switch request.credentials {
        case .none: break
        case .basic(let user, let password):
            marquee_easy_set_long(handle, CURLOPT_HTTPAUTH, Int(CURLAUTH_BASIC_BITS))
            marquee_easy_set_string(handle, CURLOPT_USERNAME, user)
            marquee_easy_set_string(handle, CURLOPT_PASSWORD, password)
        case .apiKey(let key): headerList = curl_slist_append(headerList, "Authorization: ApiKey \(key)")
        case .bearer(let token): headerList = curl_slist_append(headerList, "Authorization: Bearer \(token)")
        }
        marquee_easy_set_list(handle, CURLOPT_HTTPHEADER, headerList)
    }

    /// Returns how many bytes were taken; fewer than given makes libcurl end the transfer.
    private func receive(body bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count <= sizeLimit - body.count else {
            if cutsLongBodies { isCut = true } else { isTooLarge = true }
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    private func receive(header bytes: UnsafeRawBufferPointer) -> Int {
        headerBytes += bytes.count
        guard headerBytes <= Self.headerLimit else {
            isTooLarge = true
            return 0
        }
        if bytes.starts(with: "HTTP/".utf8) {
            // A new status line: what came before belonged to an interim answer such as 100.
            headers.removeAll()
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            headers.append(HTTPHeader(text(bytes[..<colon]), text(bytes[(colon + 1)...])))
        }
        return bytes.count
    }

    private func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
        return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
    }
}

/// The 4 or 16 bytes of an IP address; empty for other families.
private func networkAddress(of address: UnsafeMutablePointer<curl_sockaddr>) -> [UInt8] {
    // The bytes behind `addr` are as many as `addrlen` says, more than its declared type has.
    let start = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
    let bytes = UnsafeRawBufferPointer(
        start: UnsafeRawPointer(address) + start, count: Int(address.pointee.addrlen))
    switch address.pointee.family {
    case AF_INET where bytes.count >= 8: return Array(bytes[4..<8])
    case AF_INET6 where bytes.count >= 24: return Array(bytes[8..<24])
    default: return []
    }
}

/// `CURLAUTH_BASIC`, a macro with a cast that Swift does not see.
private let CURLAUTH_BASIC_BITS: Int32 = 1

/// A non-null pointer for "a body of no bytes"; with size 0 libcurl reads nothing through it.
/// `nonisolated(unsafe)`: it points to a constant that nobody writes or frees.
private nonisolated(unsafe) let emptyBody = UnsafeRawPointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

extension Duration {
    /// More than the duration by at most a millisecond, so that what ends at this limit ended past the duration; never
    /// 0, which libcurl takes for no limit at all; clamped to what its `long` surely holds.
    var millisecondsRoundedUp: Int {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return max(0, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)) + 1
    }
}
