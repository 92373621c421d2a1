internal import Domain
internal import Glibc

/// A bound, listening TCP socket. We open it ourselves, because libmicrohttpd cannot say why it could not.
struct ListeningSocket {
    let descriptor: Int32
    let port: Int
    /// How many connections may wait to be accepted.
    static let backlog = 1024

    /// Blocks for a name look-up unless `host` is an address.
    init(host: String, port: Int, backlog: Int32 = Int32(ListeningSocket.backlog)) throws(HTTPServerError) {
        guard (0...65535).contains(port) else { throw .portOutOfRange(port) }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0, let address = list else {
            throw .hostUnknown(host, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        let info = address.pointee
        let type = info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(info.ai_family, type, info.ai_protocol)
        guard descriptor >= 0 else { throw Self.failure(errno, host, port) }
        do throws(HTTPServerError) {
            // Without it the port of a service that was just stopped stays closed for a minute.
            Self.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            // `::` also takes IPv4, whatever the machine's default is.
            if info.ai_family == AF_INET6 { Self.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
            guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, backlog) == 0 else {
                throw Self.failure(errno, host, port)
            }
            self.port = try Self.boundPort(descriptor, host)
            self.descriptor = descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Whether a socket bound to `host` would have an address of the loopback: 127.0.0.0/8, ::1, or the first written in IPv6.
    static func isLoopback(_ host: String) throws(HTTPServerError) -> Bool {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0, let info = list?.pointee, let address = info.ai_addr else {
            throw .hostUnknown(host, reason: String(cString: gai_strerror(status)))
        }
        defer { freeaddrinfo(list) }
        // `ai_addr` is as long as its family says.
        let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
        if info.ai_family == AF_INET { return bytes[4] == 127 }
        let ip = Array(bytes[8..<24])
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127]
        return ip == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] || ip.starts(with: mapped)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func boundPort(_ descriptor: Int32, _ host: String) throws(HTTPServerError) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0 else { throw failure(errno, host, 0) }
        // The port stands at the same place in the addresses of both families.
        let bigEndian = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_port }
        }
        return Int(UInt16(bigEndian: bigEndian))
    }

    private static func failure(_ code: Int32, _ host: String, _ port: Int) -> HTTPServerError {
        switch code {
        case EADDRINUSE: .portInUse(host: host, port: port)
        case EACCES: .portForbidden(host: host, port: port)
        default: .cannotListen(host: host, port: port, reason: SystemError(code).message)
        }
    }
}
