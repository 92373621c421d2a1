/// Looks for the name of a field in bytes that may be anything: JSON that is damaged, in quotes of another kind or inside of
/// another text, the literal of a programming language, UTF-16.
enum NameSearch {
    /// Whether the letters of `name` stand somewhere in their order, in either case, with nothing but `_`, `-` and NUL between.
    /// O(count).
    /// - Parameters:
    ///   - name: in lower case, of letters alone.
    ///   - withMoreBehind: whether a letter or digit must follow somewhere.
    static func isNamed(_ name: StaticString, in bytes: [UInt8], withMoreBehind: Bool = false) -> Bool {
        let letters = Array(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let separators: [UInt8] = [UInt8(ascii: "_"), UInt8(ascii: "-"), 0]
        for start in bytes.indices where bytes[start] | 0x20 == letters[0] {
            var (place, matched) = (start, 0)
            while place < bytes.count, matched < letters.count {
                if bytes[place] | 0x20 == letters[matched] {
                    matched += 1
                } else if !separators.contains(bytes[place]) {
                    break
                }
                place += 1
            }
            guard matched == letters.count else { continue }
            guard withMoreBehind else { return true }
            // Words in any script: punctuation alone says nothing.
            if bytes[place...].contains(where: { $0 >= 0x80 || isLetterOrDigit($0) }) { return true }
        }
        return false
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
