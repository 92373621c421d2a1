import Foundation
import TestSupport
import Testing

@testable import Operations

/// The keys of pseudonyms, and the files they are in.
@Suite struct PseudonymKeysTests {
    private let first = [UInt8](repeating: 7, count: 32)
    private let second = Array("a second key that is long enough".utf8)

    @Test func aPseudonymIsWhatOpensslComputesToo() async throws {
        let keys = PseudonymKeys([first])
        #expect(keys.pseudonym(of: "u17") == Digest.hmacSHA256(Array("u17".utf8), key: first).hex)
        #expect(keys.pseudonym(of: "") == Digest.hmacSHA256([], key: first).hex)
        // The second key is applied to the text of the first pseudonym.
        let both = PseudonymKeys([first, second])
        let text = Array(keys.pseudonym(of: "u17").utf8)
        #expect(both.pseudonym(of: "u17") == Digest.hmacSHA256(text, key: second).hex)
        #expect(both.step(from: keys)?.pseudonym(of: keys.pseudonym(of: "u17")) == both.pseudonym(of: "u17"))
        #expect(both.step(from: nil)?.pseudonym(of: "u17") == both.pseudonym(of: "u17"))
        #expect(keys.step(from: both) == nil && keys.step(from: keys) == nil)
        #expect(PseudonymKeys([second, first]).step(from: keys) == nil)
        #expect(both.earlier == [keys] && keys.earlier.isEmpty)
        #expect(Set([keys, both, PseudonymKeys([second])].map(\.keyID)).count == 3 && keys.keyID.count == 16)
    }

    @Test func identifiersThatNameTheUserAreReplaced() {
        let keys = PseudonymKeys([first])
        #expect(keys.identifier("e1", of: "u17") == "e1")
        #expect(keys.identifier("", of: "u17") == "")
        let hidden = keys.identifier("csv-u17-m1-5", of: "u17")
        #expect(hidden == "p:" + keys.pseudonym(of: "csv-u17-m1-5"))
        // Nobody can pass one off as replaced.
        #expect(keys.identifier(hidden, of: "other") == "p:" + keys.pseudonym(of: hidden))
        #expect(keys.identifier("u1", of: "u17") == "u1" && keys.identifier("u17", of: "u17").hasPrefix("p:"))
    }

    @Test func filesAreReadAndExtended() async throws {
        try await withTemporaryFolder { folder in
            func file(_ name: String, _ bytes: [UInt8]? = nil) throws -> PseudonymKeyFile {
                let path = folder.appending(path: name)
                if let bytes { try Data(bytes).write(to: path) }
                return PseudonymKeyFile(path.path)
            }
            let old = try file("old", first)
            let keys = try old.read()
            #expect(keys == PseudonymKeys([first]))
            for bytes in [
                [], [UInt8](first.dropLast()), Array("marquee pseudonym keys 1\n".utf8),
                Array("marquee pseudonym keys 1\nzz\n".utf8), Array("marquee pseudonym keys 1\n0707\n".utf8),
            ] {
                #expect(throws: OperationsError.self) { try file("bad", bytes).read() }
            }
            #expect(throws: OperationsError.self) { try PseudonymKeyFile(folder.path).read() }
            #expect(throws: OperationsError.self) { try file("none").read() }

            // A key that is there becomes the second; a file that is not there gets a random one.
            let new = try file("new", second)
            let both = try new.extend(keys)
            #expect(both == PseudonymKeys([first, second]))
            let read = try new.read()
            #expect(read == both)
            let again = try new.extend(keys)
            #expect(again == both)
            let made = try file("made")
            let third = try made.extend(both)
            let readThird = try made.read()
            #expect(third.step(from: both) != nil && readThird == third)
            let mode = try FileManager.default.attributesOfItem(atPath: made.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            // Keys of another order, and the key itself again.
            #expect(throws: OperationsError.self) { try made.extend(PseudonymKeys([second])) }
            #expect(throws: OperationsError.self) { try file("same", first).extend(keys) }
        }
    }
}
