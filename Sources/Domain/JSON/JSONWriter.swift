/// Writes JSON (RFC 8259) straight into bytes: an encoder that reflects costs an order of magnitude more, and answers
/// are most of what a server does.
///
/// Commas are its business, nesting is the caller's: `object` and `array` take a closure.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// - Parameter capacity: bytes set aside at once. More may be written; each doubling copies.
    public init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

    // MARK: Values

    /// Writes `{…}`. In `members` every value follows its ``name(_:)``; ``field(_:_:)-(StaticString,String)`` writes
    /// both. If it throws, the object stays open and the bytes are no JSON.
    public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        try members(&self)
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Writes `[…]`, with the values that `elements` writes. If it throws, the array stays open and the bytes are no
    /// JSON.
    public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
        try elements(&self)
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes the text in quotes, with what RFC 8259 wants escaped.
    public mutating func value(_ text: String) {
        separate()
        JSONText.append(quoted: text, to: &bytes)
    }

    /// Writes all digits. Past 2⁵³ readers that know only doubles, such as browsers, round them.
    public mutating func value(_ number: Int) { value(upTo: 20) { $0.number(number) } }

    /// Writes `true` or `false`.
    public mutating func value(_ truth: Bool) {
        separate()
        if truth { bytes.append(contentsOf: "true".utf8) } else { bytes.append(contentsOf: "false".utf8) }
    }

    /// The shortest decimal that reads back as the same number; `null` for what JSON cannot say (NaN, infinities).
    public mutating func value(_ number: Float) {
        separate()
        guard number.isFinite else { return bytes.append(contentsOf: "null".utf8) }
        var text = number.description
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// See ``value(_:)-(Float)``.
    public mutating func value(_ number: Double) {
        separate()
        guard number.isFinite else { return bytes.append(contentsOf: "null".utf8) }
        var text = number.description
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// Millionths as a decimal number without an exponent and without idle zeros: 1250000 is `1.25`.
    public mutating func value(millionths: Int32) { value(upTo: 12) { $0.number(millionths: millionths) } }

    /// A value of at most `capacity` bytes, put together first: one append instead of many.
    public mutating func value(upTo capacity: Int, _ write: (inout JSONPiece) -> Void) {
        separate()
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { room in
            var piece = JSONPiece(room)
            write(&piece)
            bytes.append(contentsOf: piece.written)
        }
    }

    /// JSON that was written before.
    public mutating func value(json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes `null`. A member that is absent is better left out.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    // MARK: Members of an object

    /// The name of a member; its value must follow. The name is ASCII that needs no escape.
    public mutating func name(_ name: StaticString) {
        let hasComma = needsComma
        needsComma = false
        name.withUTF8Buffer { name in
            // Put together first: one append instead of five.
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: name.count + 4) { text in
                text[0] = UInt8(ascii: ",")
                text[1] = UInt8(ascii: "\"")
                for (position, byte) in name.enumerated() { text[position + 2] = byte }
                text[name.count + 2] = UInt8(ascii: "\"")
                text[name.count + 3] = UInt8(ascii: ":")
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[(hasComma ? 0 : 1)...]))
            }
        }
    }

    /// The name of a member that is only known at run time, escaped like any text; its value must follow.
    public mutating func name(text name: String) {
        separate()
        JSONText.append(quoted: name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A member with a text.
    public mutating func field(_ name: StaticString, _ text: String) {
        self.name(name)
        value(text)
    }

    /// A member with a whole number.
    public mutating func field(_ name: StaticString, _ number: Int) {
        self.name(name)
        value(number)
    }

    /// A member with a number, `null` if it is not finite.
    public mutating func field(_ name: StaticString, _ number: Float) {
        self.name(name)
        value(number)
    }

    /// A member with a number, `null` if it is not finite.
    public mutating func field(_ name: StaticString, _ number: Double) {
        self.name(name)
        value(number)
    }

    /// A member with `true` or `false`.
    public mutating func field(_ name: StaticString, _ truth: Bool) {
        self.name(name)
        value(truth)
    }

    /// A member with an array of texts.
    public mutating func field(_ name: StaticString, _ texts: [String]) {
        self.name(name)
        array { for text in texts { $0.value(text) } }
    }

    // MARK: Lines

    /// Ends a line of newline-delimited JSON.
    public mutating func newline() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// Appends whole lines that another writer has written, as they are.
    public mutating func append(lines other: JSONWriter) { bytes.append(contentsOf: other.bytes) }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
