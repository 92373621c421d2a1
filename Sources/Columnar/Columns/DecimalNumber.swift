/// A number of up to 38 decimal digits, exactly as it is stored: `unscaled` × 10^−`scale`.
public struct DecimalNumber: Sendable {
    /// All its digits as one whole number.
    public var unscaled: Int128
    /// How many of them stand behind the point, 0…38.
    public var scale: Int

    /// Digits that 128 bits hold whatever they are.
    public static let maximumPrecision = 38

    public init(unscaled: Int128, scale: Int) {
        self.unscaled = unscaled
        self.scale = scale
    }

    /// The nearest double.
    public var doubleValue: Double { Double(description) ?? .nan }

    /// The same number with `scale` digits behind the point; nil if it has more, or does not fit.
    func rescaled(to scale: Int) -> DecimalNumber? {
        guard scale >= self.scale else {
            let divisor = Self.power(self.scale - scale)
            return unscaled % divisor == 0 ? .init(unscaled: unscaled / divisor, scale: scale) : nil
        }
        guard scale - self.scale <= Self.maximumPrecision else { return nil }
        let (product, overflow) = unscaled.multipliedReportingOverflow(by: Self.power(scale - self.scale))
        return overflow ? nil : .init(unscaled: product, scale: scale)
    }

    /// 10^`exponent`, which is at most 38.
    static func power(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    /// Without zeros at its end: equal numbers are alike in this form.
    private var shortest: DecimalNumber {
        var number = self
        while number.scale > 0, number.unscaled % 10 == 0 {
            number.unscaled /= 10
            number.scale -= 1
        }
        return number
    }
}

extension Int128 {
    /// The number that bytes in two's complement stand for, most significant first; nil if there are none, or it takes
    /// more than 128 bits.
    init?(bigEndian bytes: some Collection<UInt8>) {
        guard let first = bytes.first else { return nil }
        let sign: UInt8 = first & 0x80 == 0 ? 0 : 0xFF
        let digits = bytes.suffix(16)
        // What lies before the digits may only repeat their sign.
        let beyond = bytes.dropLast(digits.count)
        let digitsHaveTheSign = digits.first.map({ $0 & 0x80 == sign & 0x80 }) ?? false
        guard beyond.isEmpty || digitsHaveTheSign && beyond.allSatisfy({ $0 == sign }) else { return nil }
        self = digits.reduce(sign == 0 ? 0 : -1) { $0 << 8 | Int128($1) }
    }
}

/// By value: 1.5 and 1.50 are equal.
extension DecimalNumber: Hashable, Comparable {
    public static func == (a: Self, b: Self) -> Bool {
        let (a, b) = (a.shortest, b.shortest)
        return a.unscaled == b.unscaled && a.scale == b.scale
    }

    public static func < (a: Self, b: Self) -> Bool {
        if a.scale == b.scale { return a.unscaled < b.unscaled }
        let scale = max(a.scale, b.scale)
        // What does not fit with more digits is farther from zero than what does: its sign decides.
        guard let left = a.rescaled(to: scale) else { return a.unscaled < 0 }
        guard let right = b.rescaled(to: scale) else { return b.unscaled > 0 }
        return left.unscaled < right.unscaled
    }

    public func hash(into hasher: inout Hasher) {
        let shortest = shortest
        hasher.combine(shortest.unscaled)
        hasher.combine(shortest.scale)
    }
}

extension DecimalNumber: LosslessStringConvertible {
    /// All digits, without an exponent: `-0.050`.
    public var description: String {
        var digits = String(unscaled.magnitude)
        if scale > 0 {
            digits = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
        }
        return (unscaled < 0 ? "-" : "") + digits
    }

    /// Digits with or without a sign and a point; nil for anything else, and past 38 digits.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        let digits = parts[0] + fraction
        let unsigned = digits.first == "-" || digits.first == "+" ? digits.dropFirst() : digits
        guard !unsigned.isEmpty, unsigned.utf8.count <= Self.maximumPrecision,
            unsigned.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let unscaled = Int128(digits)
        else { return nil }
        self.init(unscaled: unscaled, scale: fraction.utf8.count)
    }
}
