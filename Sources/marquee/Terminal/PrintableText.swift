/// Text of others, made safe for a terminal.
enum PrintableText {
    /// The text with what would steer a terminal, or turn the order of its letters around, written as `\u{1B}`.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: steers) else { return text }
        return text.unicodeScalars.map {
            steers($0) ? "\\u{" + String($0.value, radix: 16, uppercase: true) + "}" : String($0)
        }.joined()
    }

    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: scalar.properties.isBidiControl
        default: false
        }
    }
}
