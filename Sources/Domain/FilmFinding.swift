/// Something that is wrong with a source's description of a film. The film is kept; the value is set right or left out.
public struct FilmFinding: Hashable, Sendable {
    /// The rule that it breaks, such as `impossible-runtime`.
    public var rule: String
    /// The value at fault, in short, or what was done.
    public var detail: String?

    /// A value against a rule.
    public init(rule: String, detail: String? = nil) {
        self.rule = rule
        self.detail = detail
    }

    /// `rule: detail`, as tables and messages have it.
    public var text: String { detail.map { "\(rule): \($0)" } ?? rule }

    /// Reads ``text``.
    public init(text: String) {
        guard let colon = text.firstRange(of: ": ") else {
            self.init(rule: text)
            return
        }
        self.init(rule: String(text[..<colon.lowerBound]), detail: String(text[colon.upperBound...]))
    }
}
