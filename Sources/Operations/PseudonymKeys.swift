internal import CCrypto
public import Domain
internal import Foundation

/// The keys under which users' identifiers become pseudonyms: HMAC-SHA-256 in hexadecimal, by each key in turn.
///
/// The first key is applied to the identifier, each further one to the pseudonym before it. So a table can be given a new
/// key without knowing whom its rows are about: docs/decisions/pseudonyms.md.
public struct PseudonymKeys: Pseudonymiser, Equatable {
    /// The first is the oldest.
    let keys: [[UInt8]]
    public let keyID: String

    /// Digits of a pseudonym.
    public static let length = 64
    /// Bytes that a key has at least.
    public static let shortest = 32
    /// What stands before the pseudonym of an identifier of an event.
    public static let mark = "p:"

    /// - Precondition: there is a key, and each has ``shortest`` bytes at least.
    init(_ keys: [[UInt8]]) {
        precondition(!keys.isEmpty && keys.allSatisfy { $0.count >= Self.shortest }, "whole keys")
        let id = PseudonymKeys(keys, id: "").hex(of: Array("marquee pseudonym key".utf8))
        self.init(keys, id: String(id.prefix(16)))
    }

    private init(_ keys: [[UInt8]], id: String) {
        self.keys = keys
        keyID = id
    }

    public func pseudonym(of user: String) -> String { hex(of: Array(user.utf8)) }

    /// The pseudonym of any bytes, in hexadecimal.
    public func hex(of bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: Self.length) { room in
            bytes.withUnsafeBufferPointer { write(of: $0, to: room) }
            return Self.length
        }
    }

    public func identifier(_ id: String, of user: String) -> String {
        var (id, user) = (id, user)
        let isNamed = id.withUTF8 { id in user.withUTF8 { Self.hides(id, of: $0) } }
        return isNamed ? Self.mark + hex(of: Array(id.utf8)) : id
    }

    /// Whether an identifier of an event is replaced: it has the user's in it, or looks like one that was replaced.
    public static func hides(_ id: UnsafeBufferPointer<UInt8>, of user: UnsafeBufferPointer<UInt8>) -> Bool {
        if id.count == mark.utf8.count + length, id.starts(with: mark.utf8) { return true }
        guard let needle = user.baseAddress, let base = id.baseAddress, user.count > 0 else { return false }
        var place = 0
        while place + user.count <= id.count {
            if base[place] == needle[0], memcmp(base + place, needle, user.count) == 0 { return true }
            place += 1
        }
        return false
    }

    /// Writes the ``length`` digits of the pseudonym of some bytes.
    /// - Precondition: `room` has as many bytes at least.
    public func write(of bytes: UnsafeBufferPointer<UInt8>, to room: UnsafeMutableBufferPointer<UInt8>) {
        precondition(room.count >= Self.length, "room for a pseudonym")
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { code in
            var input = bytes
            for key in keys {
                var size: UInt32 = 0
                let made = HMAC(
                    EVP_sha256(), key, Int32(key.count), input.baseAddress, input.count, code.baseAddress, &size)
                // It fails only where libcrypto has no SHA-256, as `Digest` says.
                precondition(made != nil && size == 32)
                for i in 0..<32 {
                    room[2 * i] = Self.digits[Int(code[i] >> 4)]
                    room[2 * i + 1] = Self.digits[Int(code[i] & 15)]
                }
                input = UnsafeBufferPointer(start: room.baseAddress, count: Self.length)
            }
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    // MARK: Another key

    /// What leads from pseudonyms of `earlier` (from identifiers, if nil) to pseudonyms of these keys; nil if these are not
    /// those of `earlier` and more.
    public func step(from earlier: PseudonymKeys?) -> PseudonymKeys? {
        let known = earlier?.keys ?? []
        guard keys.count > known.count, keys.starts(with: known) else { return nil }
        return PseudonymKeys(Array(keys.dropFirst(known.count)))
    }

    /// The keys before some of the newest were added, the shortest list first: what persons were called under before.
    public var earlier: [PseudonymKeys] { (1..<max(keys.count, 1)).map { PseudonymKeys(Array(keys.prefix($0))) } }
}
