internal import Domain

/// One value of a request, from a query or from a JSON body, read as what it is meant to be.
struct ParameterValue {
    enum Source {
        case query(String)
        case body(JSONValue)
    }

    let name: String
    let source: Source

    init(_ name: String, query text: String) {
        self.name = name
        source = .query(text)
    }

    init(_ name: String, body value: JSONValue) {
        self.name = name
        source = .body(value)
    }

    /// The refusal that names the parameter, what was sent and what may be.
    func refused(_ allowed: String) -> ServingError {
        let shown =
            switch source {
            case .query(let text): text
            case .body(.text(let text)): text
            case .body(.number(let number)):
                number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
            case .body(.bool(let truth)): "\(truth)"
            case .body(.null): "null"
            case .body(.array): "[…]"
            case .body(.object): "{…}"
            }
        return .badParameter(name: name, value: shown, allowed: allowed)
    }

    func text(_ allowed: String = "a text") throws(ServingError) -> String {
        switch source {
        case .query(let text), .body(.text(let text)): return text
        default: throw refused(allowed)
        }
    }

    /// A text, or a whole number as clients write identifiers of digits.
    func name(_ allowed: String) throws(ServingError) -> String {
        if case .body(.number(let number)) = source, let whole = Int(exactly: number) { return "\(whole)" }
        return try text(allowed)
    }

    func whole(_ range: ClosedRange<Int>) throws(ServingError) -> Int {
        let number: Int? =
            switch source {
            // Int would also take "+5".
            case .query(let text): text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
            case .body(.number(let number)): Int(exactly: number)
            default: nil
            }
        guard let number, range.contains(number) else {
            throw refused("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func number(_ range: ClosedRange<Double>) throws(ServingError) -> Double {
        let number: Double? =
            switch source {
            // Double would also take "inf", "0x1p3" and "1e400".
            case .query(let text): Self.number(text)
            case .body(.number(let number)): number
            default: nil
            }
        guard let number, range.contains(number) else {
            throw refused("a number from \(Self.shown(range.lowerBound)) to \(Self.shown(range.upperBound))")
        }
        return number
    }

    /// As JSON writes it, with an exponent if need be.
    private static func number(_ text: String) -> Double? {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "+") || byte | 0x20 == UInt8(ascii: "e")
        }
        return isPlain ? Double(text) : nil
    }

    /// One of a few words.
    func choice<Choice: CaseIterable & RawRepresentable>(
        _: Choice.Type = Choice.self
    ) throws(ServingError) -> Choice where Choice.RawValue == String {
        let allowed = "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))"
        guard let chosen = Choice(rawValue: try text(allowed)) else { throw refused(allowed) }
        return chosen
    }

    /// A name that a caller gives to something of theirs.
    func label() throws(ServingError) -> String {
        let allowed = "1 to 64 letters, digits, dots, hyphens and underscores"
        let text = try text(allowed)
        let isSound = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        guard isSound, (1...64).contains(text.utf8.count) else { throw refused(allowed) }
        return text
    }

    /// Texts: comma-separated in a query, an array in a body.
    func texts(_ allowed: String) throws(ServingError) -> [String] {
        switch source {
        case .query(let text), .body(.text(let text)):
            // By bytes: a comma is one whatever combines with it.
            return text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
                String(Substring($0))
            }
        case .body(.array(let elements)):
            var texts: [String] = []
            for element in elements {
                guard case .text(let text) = element else { throw refused(allowed) }
                texts.append(text)
            }
            return texts
        default: throw refused(allowed)
        }
    }

    /// Identifiers of items or users: different ones, each of 1 to 256 bytes.
    func identifiers(_ count: ClosedRange<Int>) throws(ServingError) -> [String] {
        let allowed = "\(count.lowerBound) to \(count.upperBound) different identifiers"
        let texts = try texts(allowed)
        let areDifferent = Set(texts.lazy.map { ExactText($0) }).count == texts.count
        guard count.contains(texts.count), areDifferent else { throw refused(allowed) }
        for text in texts { _ = try Parameters.identifier(text, what: name) }
        return texts
    }

    /// The value as JSON: in a query it is written as text.
    func json(_ allowed: String) throws(ServingError) -> JSONValue {
        switch source {
        case .body(let value): return value
        case .query(let text):
            guard let value = try? JSONValue(parsing: Array(text.utf8)) else { throw refused(allowed) }
            return value
        }
    }

    private static func shown(_ bound: Double) -> String {
        bound == bound.rounded() ? "\(Int(bound))" : "\(bound)"
    }
}
