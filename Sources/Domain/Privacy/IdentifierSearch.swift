internal import Glibc

/// Looks for a user's identifier in bytes of any kind: texts, messages, files.
///
/// Identifiers can be as short as `7`, and then every byte string is full of them by chance. So an occurrence counts if its
/// surroundings say that it is a whole value: it stands between quotes, or its length stands before it as formats of
/// records have it, or, for identifiers of four bytes or more, no letter or digit touches it.
public struct IdentifierSearch: Sendable {
    /// The identifier's UTF-8.
    public let bytes: [UInt8]
    /// As a text in JSON, without its quotes, where that is another one.
    private let escaped: [UInt8]?

    /// A search for an identifier.
    public init(_ identifier: String) {
        bytes = Array(identifier.utf8)
        var text: [UInt8] = []
        JSONText.append(quoted: identifier, to: &text)
        let inside = Array(text.dropFirst().dropLast())
        escaped = inside == bytes ? nil : inside
    }

    /// Whether it is so long that finding it anywhere is no chance.
    public var isDistinctive: Bool { bytes.count >= 8 && bytes.contains { !(48...57).contains($0) } }

    /// Whether it is so long that it counts where nothing but its surroundings sets it apart.
    private var isWord: Bool { bytes.count >= 4 }

    /// Whether the bytes have it as a whole value.
    public func isFound(in haystack: UnsafeRawBufferPointer) -> Bool {
        find(bytes, in: haystack) || escaped.map { find($0, in: haystack) } ?? false
    }

    /// Whether the bytes have it as a whole value.
    public func isFound(in haystack: [UInt8]) -> Bool { haystack.withUnsafeBytes { isFound(in: $0) } }

    private func find(_ needle: [UInt8], in haystack: UnsafeRawBufferPointer) -> Bool {
        guard let base = haystack.baseAddress, !needle.isEmpty else { return false }
        var start = 0
        while start + needle.count <= haystack.count,
            let hit = memchr(base + start, Int32(needle[0]), haystack.count - needle.count + 1 - start)
        {
            let place = UnsafeRawPointer(hit) - base
            if memcmp(hit, needle, needle.count) == 0, isWhole(place, place + needle.count, needle.count, haystack) {
                return true
            }
            start = place + 1
        }
        return false
    }

    private func isWhole(_ start: Int, _ end: Int, _ count: Int, _ haystack: UnsafeRawBufferPointer) -> Bool {
        if start == 0, end == haystack.count { return true }
        let before = start > 0 ? haystack[start - 1] : nil
        let after = end < haystack.count ? haystack[end] : nil
        let quote = UInt8(ascii: "\"")
        if before == quote, after == quote { return true }
        // In JSON within JSON the closing quote is escaped, as the opening one is.
        if before == quote, after == UInt8(ascii: "\\") { return true }
        guard isWord else { return false }
        if hasLength(count, before: start, haystack) { return true }
        return !(before.map(Self.isOfWord) ?? false) && !(after.map(Self.isOfWord) ?? false)
    }

    /// Whether the bytes before tell the length: four of them, or a variable-length number, plain (Thrift) or zigzag (Avro).
    private func hasLength(_ count: Int, before start: Int, _ haystack: UnsafeRawBufferPointer) -> Bool {
        if start >= 4 {
            let stated = haystack.loadUnaligned(fromByteOffset: start - 4, as: UInt32.self)
            if UInt32(littleEndian: stated) == UInt32(count) { return true }
        }
        return [count, 2 * count].contains { number in
            var rest = number
            var coded: [UInt8] = []
            while rest >= 128 {
                coded.append(UInt8(rest & 127) | 128)
                rest >>= 7
            }
            coded.append(UInt8(rest))
            return start >= coded.count && haystack[(start - coded.count)..<start].elementsEqual(coded)
        }
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte >= 128
            || byte == UInt8(ascii: "_")
    }
}
