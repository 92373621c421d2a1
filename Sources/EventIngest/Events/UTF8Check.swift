/// Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above
/// U+10FFFF. O(count).
func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var i = 0
    let count = bytes.count
    func continues(_ j: Int) -> Bool { j < count && bytes[j] & 0xC0 == 0x80 }
    while i < count {
        let first = bytes[i]
        switch first {
        case 0x00...0x7F: i += 1
        case 0xC2...0xDF:
            guard continues(i + 1) else { return false }
            i += 2
        case 0xE0...0xEF:
            guard continues(i + 1), continues(i + 2) else { return false }
            if first == 0xE0, bytes[i + 1] < 0xA0 { return false }
            if first == 0xED, bytes[i + 1] > 0x9F { return false }
            i += 3
        case 0xF0...0xF4:
            guard continues(i + 1), continues(i + 2), continues(i + 3) else { return false }
            if first == 0xF0, bytes[i + 1] < 0x90 { return false }
            if first == 0xF4, bytes[i + 1] > 0x8F { return false }
            i += 4
        default: return false
        }
    }
    return true
}
