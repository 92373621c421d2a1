/// Ways to store text that a reader of lines would take for damage.
public enum TextForm {
    /// What `start`, the beginning of a file, says its text is stored in; nil for UTF-8, ISO 8859-1 and whatever else has
    /// one byte for a line end.
    /// - Parameter isWhole: whether `start` is all of the file.
    static func foreign(_ start: [UInt8], path: String, isWhole: Bool) -> DelimitedError? {
        func error(_ form: String, _ remedy: String) -> DelimitedError {
            .foreignText(path: path, form: form, remedy: remedy)
        }
        let file = "'\(path)' > utf8.csv"
        if start.starts(with: [0xFF, 0xFE, 0, 0]) || start.starts(with: [0, 0, 0xFE, 0xFF]) {
            return error("it is UTF-32", "iconv -f UTF-32 -t UTF-8 \(file)")
        }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
            return error("it is UTF-16", "iconv -f UTF-16 -t UTF-8 \(file)")
        }
        // Without a mark: of text that is mostly ASCII every other byte is 0.
        let sample = start.prefix(4096)
        var zeros = (even: 0, odd: 0)
        for (index, byte) in sample.enumerated() where byte == 0 {
            if index % 2 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
        }
        if sample.count >= 8, max(zeros.even, zeros.odd) * 4 >= sample.count,
            min(zeros.even, zeros.odd) * 16 < sample.count
        {
            let order = zeros.even > zeros.odd ? "BE" : "LE"
            return error("it is UTF-16 without a byte order mark", "iconv -f UTF-16\(order) -t UTF-8 \(file)")
        }
        // A first line of a megabyte is no line either.
        if start.contains(0x0D), !start.contains(0x0A), isWhole || start.count >= 1 << 16 {
            // One line that ends in CR and nothing behind it is not told from a lost LF.
            return error("its lines end in CR alone", "tr '\\r' '\\n' < '\(path)' > lf.csv")
        }
        return nil
    }

    /// ISO 8859-1, whose bytes are the first 256 code points.
    public static func latin1(_ bytes: some Collection<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(Unicode.Scalar(byte)) }
        return String(text)
    }
}
