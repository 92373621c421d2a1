/// The answer to a bulk request every document of which was taken, as almost all are: read byte by byte, because building an
/// object for each document took as long as writing the documents.
///
///     {"items":[{"index":{"status":201}},{"index":{"status":200}}]}
///
/// `filter_path` leaves nothing else of it on the three servers. Any other answer is for the parser of JSON.
enum BulkAnswer {
    /// - Parameter count: the documents that were sent.
    /// - Returns: how many of them the index did not have before; nil if the answer is not of this form.
    static func created(_ body: [UInt8], of count: Int) -> Int? {
        let (opening, item, end, closing) = ("{\"items\":[", "{\"index\":{\"status\":20", "}}", "]}")
        return body.withUnsafeBytes { bytes in
            var rest = bytes[...]
            func skip(_ text: String) -> Bool {
                guard rest.starts(with: text.utf8) else { return false }
                rest = rest.dropFirst(text.utf8.count)
                return true
            }
            guard skip(opening) else { return nil }
            var created = 0
            for number in 0..<count {
                guard number == 0 || skip(","), skip(item), let digit = rest.popFirst(), skip(end) else { return nil }
                switch digit {
                case UInt8(ascii: "0"): break
                case UInt8(ascii: "1"): created += 1
                default: return nil
                }
            }
            return skip(closing) && rest.isEmpty ? created : nil
        }
    }
}
