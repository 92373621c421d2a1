internal import Glibc

/// Which IP addresses are of the public internet: by IANA's special-purpose registries (RFC 6890 and its updates).
public enum PublicAddress {
    /// Whether a URL's host is an address that is not public, written out: `127.0.0.1`, `[fd00::1]`. A name may lead to one
    /// too, which is found out when it is asked for.
    public static func isPrivate(literal host: some StringProtocol) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        if host.hasPrefix("["), host.hasSuffix("]") {
            return inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &bytes) == 1 && !contains(bytes)
        }
        return inet_pton(AF_INET, String(host), &bytes) == 1 && !contains(Array(bytes[..<4]))
    }

    /// - Parameter bytes: 4 or 16, in network order; anything else is no address, and so not public.
    static func contains(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: isPublic4(bytes)
        case 16: isPublic6(bytes)
        default: false
        }
    }

    private static func isPublic4(_ a: [UInt8]) -> Bool {
        switch (a[0], a[1], a[2]) {
        // This network, private, loopback, multicast, reserved, broadcast.
        case (0, _, _), (10, _, _), (127, _, _), (224...255, _, _): false
        // Shared by carriers, link-local with the metadata of clouds, private.
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _): false
        // Protocol assignments, documentation, the old 6to4 relays, benchmarks.
        case (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100), (203, 0, 113): false
        default: true
        }
    }

    private static func isPublic6(_ a: [UInt8]) -> Bool {
        // IPv4 in IPv6, mapped (::ffff:0:0/96) or translated (64:ff9b::/96), is what it holds.
        if a[..<10].allSatisfy({ $0 == 0 }), a[10] == 0xFF, a[11] == 0xFF { return isPublic4(Array(a[12...])) }
        if a[..<12].elementsEqual([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return isPublic4(Array(a[12...])) }
        // Only 2000::/3 is given out; in it lie assignments for protocols (2001::/23), documentation (2001:db8::/32,
        // 3fff::/20) and 6to4 (2002::/16), which can lead anywhere.
        guard a[0] & 0xE0 == 0x20 else { return false }
        switch (a[0], a[1], a[2], a[3]) {
        case (0x20, 0x01, 0...1, _), (0x20, 0x01, 0x0D, 0xB8), (0x20, 0x02, _, _), (0x3F, 0xFF, 0...0x0F, _):
            return false
        default: return true
        }
    }
}
