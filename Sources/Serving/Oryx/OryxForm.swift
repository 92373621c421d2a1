internal import Domain
internal import HTTPServer

/// One line of an answer.
enum OryxRow: Sendable {
    /// An identifier and a score of which more is better.
    case scored(String, Double)
    case counted(String, Int)
    case id(String)
    case number(Double)
}

/// What answers are in JSON.
enum OryxShape {
    static let scores = JSONSchema.list(.object(["id": .text(), "value": .number()]))
    static let counts = JSONSchema.list(.object(["id": .text(), "count": .integer(0...Int.max)]))
    static let ids = JSONSchema.list(.text())
    static let numbers = JSONSchema.list(.number())
}

/// How an answer is written: lines of separated values, or JSON where `Accept` prefers it.
enum OryxForm: String, CaseIterable {
    case plain = "text/plain"
    case csv = "text/csv"
    case json = "application/json"

    /// By the `Accept` of a request (RFC 9110, 12.5.1): the form of the highest weight, of several the first as above.
    /// - Throws: ``ServingError/notAcceptable(allowed:)`` if it wants none of them.
    init(_ request: HTTPRequest) throws(ServingError) {
        let wanted = request.headers.values(of: "accept").joined(separator: ",")
        guard wanted.contains(where: { !$0.isWhitespace }) else {
            self = .plain
            return
        }
        var best: (form: OryxForm, weight: Double)?
        for form in Self.allCases {
            let weight = Self.weight(of: form, in: wanted)
            if weight > best?.weight ?? 0 { best = (form, weight) }
        }
        guard let best else { throw .notAcceptable(allowed: Self.allCases.map(\.rawValue)) }
        self = best.form
    }

    /// The weight of the most precise range that includes the form.
    private static func weight(of form: OryxForm, in wanted: String) -> Double {
        let general = form.rawValue.prefix { $0 != "/" } + "/*"
        var found: (precision: Int, weight: Double) = (0, 0)
        for range in wanted.split(separator: ",") {
            let parts = range.split(separator: ";").map { trimmed($0).lowercased() }
            guard let type = parts.first else { continue }
            let precision = type == form.rawValue ? 3 : type == general ? 2 : type == "*/*" ? 1 : 0
            guard precision > found.precision else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            found = (precision, weight.isFinite ? min(1, max(0, weight)) : 0)
        }
        return found.weight
    }

    private static func trimmed(_ text: Substring) -> Substring {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }) else { return "" }
        let last = text.lastIndex { !$0.isWhitespace } ?? first
        return text[first...last]
    }

    // MARK: Writing

    /// Lists are not kept by caches: they change with every event.
    func response(_ rows: some Sequence<OryxRow>, degraded: [String] = []) -> HTTPResponse {
        var headers = [(name: "Cache-Control", value: "no-store")]
        // Oryx's answers have no room for it.
        if !degraded.isEmpty { headers.append((name: "X-Degraded", value: degraded.joined(separator: ","))) }
        guard self == .json else { return separated(rows, headers) }
        var json = JSONWriter()
        json.array { json in for row in rows { Self.write(row, to: &json) } }
        return HTTPResponse(headers: headers, body: json.bytes)
    }

    /// One number alone.
    func response(number: Double) -> HTTPResponse {
        guard self == .json else { return separated([.number(number)], []) }
        var json = JSONWriter(capacity: 32)
        json.value(number)
        return HTTPResponse(body: json.bytes)
    }

    private func separated(
        _ rows: some Sequence<OryxRow>, _ headers: [(name: String, value: String)]
    ) -> HTTPResponse {
        var text = ""
        for row in rows {
            switch row {
            case .scored(let id, let score): text += "\(Self.cell(id)),\(score)\n"
            case .counted(let id, let count): text += "\(Self.cell(id)),\(count)\n"
            case .id(let id): text += "\(Self.cell(id))\n"
            case .number(let number): text += "\(number)\n"
            }
        }
        return HTTPResponse(
            contentType: "\(rawValue); charset=utf-8", headers: headers, body: Array(text.utf8))
    }

    /// In quotes where it needs them (RFC 4180).
    private static func cell(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) else { return text }
        return "\"\(text.replacing("\"", with: "\"\""))\""
    }

    private static func write(_ row: OryxRow, to json: inout JSONWriter) {
        switch row {
        case .scored(let id, let score):
            json.object {
                $0.field("id", id)
                $0.field("value", score)
            }
        case .counted(let id, let count):
            json.object {
                $0.field("id", id)
                $0.field("count", count)
            }
        case .id(let id): json.value(id)
        case .number(let number): json.value(number)
        }
    }
}
