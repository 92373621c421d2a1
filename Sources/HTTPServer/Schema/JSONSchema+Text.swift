extension JSONSchema {
    /// What a text of a path or query must be to stand for such a value; nil if it is one.
    ///
    /// What only its reader can tell (a pattern, a format) is left to the reader. O(bytes).
    func flaw(in text: String) -> String? {
        switch self {
        case .any: nil
        case .null: text.isEmpty ? nil : "empty"
        case .boolean: text == "true" || text == "false" ? nil : "true or false"
        case .integer(let range):
            Self.whole(text).map(range.contains) == true
                ? nil : "a whole number\(Self.words(range, unbounded: Int.min...Int.max))"
        case .number(let range):
            Self.number(text).map(range.contains) == true
                ? nil : "a number\(Self.words(range, unbounded: -Double.infinity...Double.infinity))"
        case .text(let bytes, _, _): bytes.contains(text.utf8.count) ? nil : "a text of \(Self.words(bytes)) bytes"
        case .choice(let words): words.contains(text) ? nil : "one of \(words.joined(separator: ", "))"
        case .list(let element, let count, let isUnique): Self.flaw(in: text, of: element, count, isUnique)
        case .members: text.utf8.first == UInt8(ascii: "{") ? nil : "a JSON object"
        case .either(let schemas): schemas.contains { $0.flaw(in: text) == nil } ? nil : schemas[0].flaw(in: text)
        case .named(_, let schema), .described(let schema, _): schema.flaw(in: text)
        }
    }

    private static func flaw(in text: String, of element: JSONSchema, _ count: ClosedRange<Int>, _ isUnique: Bool)
        -> String?
    {
        // By bytes, as its reader splits and compares: a comma is one whatever combines with it.
        let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        let isSound =
            count.contains(parts.count) && (!isUnique || Set(parts.lazy.map { Array($0) }).count == parts.count)
        if isSound, parts.allSatisfy({ element.flaw(in: String(Substring($0))) == nil }) { return nil }
        var kind = "values"
        if case .choice(let words) = element.bare { kind = "ones of \(words.joined(separator: ", "))" }
        if element.bare == .identifier { kind = "identifiers" }
        return "\(words(count)) \(isUnique ? "different " : "")\(kind), comma-separated"
    }

    /// Digits, after a minus if need be: `Int` would also take `+5`.
    private static func whole(_ text: String) -> Int? {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "-") { digits.removeFirst() }
        return !digits.isEmpty && digits.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }

    /// As JSON writes numbers: `Double` would also take `inf` and `0x1p3`.
    private static func number(_ text: String) -> Double? {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "+") || byte | 0x20 == UInt8(ascii: "e")
        }
        guard isPlain, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    private static func words<Bound>(_ range: ClosedRange<Bound>, unbounded: ClosedRange<Bound>) -> String {
        switch (range.lowerBound == unbounded.lowerBound, range.upperBound == unbounded.upperBound) {
        case (true, true): ""
        case (true, false): " of at most \(shown(range.upperBound))"
        case (false, true): " of at least \(shown(range.lowerBound))"
        case (false, false): " from \(shown(range.lowerBound)) to \(shown(range.upperBound))"
        }
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == .max { return "at least \(range.lowerBound)" }
        return "\(range.lowerBound) to \(range.upperBound)"
    }

    private static func shown<Bound>(_ bound: Bound) -> String {
        if let number = bound as? Double, let whole = Int(exactly: number) { return "\(whole)" }
        return "\(bound)"
    }
}
