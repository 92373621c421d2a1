/// Where in a trace something happens, as services tell each other in `traceparent` (W3C Trace Context, level 2).
///
///     traceparent = version "-" trace-id "-" parent-id "-" flags        ; in lower-case hexadecimal digits
public struct TraceContext: Sendable, Hashable {
    /// The trace, 16 bytes, not all of them 0: the same in all its spans.
    private let high: UInt64
    private let low: UInt64
    /// Not 0: the span that what happens next belongs to.
    public var spanID: UInt64
    /// The flags of the caller.
    public var flags: UInt8
    /// What `tracestate` said, passed on as it is.
    public var state: String?

    /// The context of the work that the current task does; nil outside of traces.
    @TaskLocal public static var current: TraceContext?

    /// Whether the caller keeps this trace.
    public var isSampled: Bool { flags & 1 == 1 }

    /// A trace that begins here.
    /// - Parameter isSampled: whether it will be kept.
    public init(isSampled: Bool) {
        var generator = SystemRandomNumberGenerator()
        (high, low) = (.random(in: 1 ... .max, using: &generator), generator.next())
        spanID = .random(in: 1 ... .max, using: &generator)
        // The second bit says that the identifier is random.
        flags = isSampled ? 3 : 2
    }

    /// What a caller sent; nil if it is not by the rules, and then a new trace begins. Longer forms of later versions are
    /// understood as far as they are the same.
    /// - Parameter state: the value of `tracestate`.
    public init?(traceparent: String, state: String? = nil) {
        let bytes = Array(traceparent.utf8)
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = Self.number(bytes[0..<2]), version != 0xFF,
            bytes.count == 55 || version > 0 && bytes[55] == Self.dash, let high = Self.number(bytes[3..<19]),
            let low = Self.number(bytes[19..<35]), let span = Self.number(bytes[36..<52]),
            let flags = Self.number(bytes[53..<55]), high != 0 || low != 0, span != 0
        else { return nil }
        (self.high, self.low, spanID, self.flags) = (high, low, span, UInt8(truncatingIfNeeded: flags))
        self.state = state.flatMap { $0.isEmpty || $0.utf8.count > 512 ? nil : $0 }
    }

    /// The same trace with a span of its own.
    public func child() -> TraceContext {
        var child = self
        child.spanID = .random(in: 1 ... .max)
        return child
    }

    /// The value of a `traceparent` to send.
    public var traceparent: String {
        "00-\(traceHex)-\(Self.hex(spanID))-\(flags & 1 == 1 ? "01" : "00")"
    }

    var traceHex: String { Self.hex(high) + Self.hex(low) }

    private static let dash = UInt8(ascii: "-")

    /// 16 lower-case digits.
    static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Nil unless all of it are lower-case hexadecimal digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }
}
