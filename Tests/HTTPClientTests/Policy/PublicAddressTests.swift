import Domain
import Foundation
import TestSupport
import Testing

@testable import HTTPClient

@Suite struct PublicAddressTests {
    /// Python's `ipaddress` has IANA's registries, too. It counts multicast as global, and IPv6 that nobody has been given;
    /// we do not.
    @Test func addressesArePublicAsPythonSays() async throws {
        var random = SeededGenerator(seed: 3)
        var cases: [[UInt8]] = []
        let starts4: [[UInt8]] = [
            [0], [10], [100, 64], [100, 127], [100, 128], [127], [169, 254], [172, 15], [172, 16], [172, 31],
            [172, 32],
            [192, 0, 2], [192, 0, 0], [192, 168], [198, 18], [198, 20], [198, 51, 100], [203, 0, 113], [224], [239],
            [240],
            [255], [8], [93], [],
        ]
        for start in starts4 {
            for _ in 0..<10 { cases.append(start + (0..<4 - start.count).map { _ in UInt8(random.below(256)) }) }
        }
        let starts6: [[UInt8]] = [
            [UInt8](repeating: 0, count: 15), [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF],
            [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], [0x20, 0x01, 0x0D, 0xB8], [0x20, 0x02], [0x20, 0x01, 0, 0],
            [0xFC], [0xFD], [0xFE, 0x80], [0xFE, 0xC0], [0xFF, 0x02], [0x2A, 0x00], [0x26, 0x06], [0x3F, 0xFF, 0x01],
            [0x01],
        ]
        for start in starts6 {
            for _ in 0..<10 { cases.append(start + (0..<16 - start.count).map { _ in UInt8(random.below(256)) }) }
        }
        let code = """
            import ipaddress, sys
            for text in sys.argv[1:]:
                a = ipaddress.ip_address(bytes.fromhex(text))
                v4 = a.ipv4_mapped if a.version == 6 else None
                if a.version == 6 and a in ipaddress.ip_network("64:ff9b::/96"): v4 = ipaddress.ip_address(a.packed[12:])
                b = v4 or a
                odd = b.version == 6 and (b not in ipaddress.ip_network("2000::/3") or b in ipaddress.ip_network("2002::/16")
                    or b in ipaddress.ip_network("3fff::/20") or b in ipaddress.ip_network("2001::/23"))
                # Python before 3.13 knows only a part of the first.
                relay = b.version == 4 and any(b in ipaddress.ip_network(n) for n in ["192.0.0.0/24", "192.88.99.0/24"])
                print(int(b.is_global and not b.is_multicast and not b.is_reserved and not odd and not relay))
            """
        let hex = cases.map { $0.map { String(format: "%02x", $0) }.joined() }
        let (status, output) = try await runCommand("/usr/bin/env", ["python3", "-c", code] + hex)
        try #require(status == 0, "\(output)")
        let expected = output.split(separator: "\n").map { $0 == "1" }
        #expect(expected.count == cases.count && expected.contains(true) && expected.contains(false))
        for (address, isPublic) in zip(cases, expected) {
            #expect(PublicAddress.contains(address) == isPublic, "\(address)")
        }
        #expect(!PublicAddress.contains([]) && !PublicAddress.contains([1, 2, 3]))
    }

    /// Whatever name or notation leads there.
    @Test func nothingIsSentToAPrivateAddress() async throws {
        try await withScriptedServer({ _, _ in [answer("200 OK")] }) { server in
            var configuration = HTTPClientConfiguration()
            configuration.onlyPublicAddresses = true
            let guarded = HTTPClient(configuration)
            for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "[::ffff:127.0.0.1]"] {
                let error = await #expect(throws: HTTPClientError.self) {
                    try await guarded.send(HTTPRequest(.get, "http://\(host):\(server.port)/"))
                }
                #expect(error?.code == "http-forbidden-target", "\(host): \(error!)")
            }
            #expect(server.requests.isEmpty && server.connectionCount == 0)
            let response = try await HTTPClient().send(HTTPRequest(.get, server.url))
            #expect(response.status == 200)
        }
    }
}
