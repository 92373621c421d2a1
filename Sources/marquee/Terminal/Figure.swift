/// Numbers as people read them.
enum Figure {
    /// `1234567` as `1,234,567`.
    static func count(_ number: Int) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (number < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// As ``count(_:)``, but in at most seven characters: `1234567` as `1.23M`.
    static func short(_ number: Int) -> String {
        let size = Double(number.magnitude)
        if size < 999_500 { return count(number) }
        let (unit, letter) = size < 999_500_000 ? (1e6, "M") : (1e9, "G")
        let value = Double(number) / unit
        return decimal(value, digits: abs(value) < 10 ? 2 : abs(value) < 100 ? 1 : 0) + letter
    }

    /// `0.042` as `42 ms`, `3.21` as `3.2 s`, `75` as `1 min 15 s`.
    static func seconds(_ seconds: Double) -> String {
        switch seconds {
        case ..<0.9995: return "\(Int((seconds * 1000).rounded())) ms"
        case ..<59.95: return "\(decimal(seconds, digits: 1)) s"
        default:
            let whole = Int(seconds.rounded())
            if whole >= 3600 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
            return "\(whole / 60) min \(whole % 60) s"
        }
    }

    static func seconds(_ duration: Duration) -> String { seconds(duration / .seconds(1)) }

    /// `1536` as `1.5 KiB`.
    static func bytes(_ count: Int) -> String {
        var value = Double(count)
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while value >= 1024, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(decimal(value, digits: 1)) \(units[unit])"
    }

    /// A fixed number of decimals; no locale.
    static func decimal(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        let whole = Int(scaled) / Int(scale)
        let rest = String(Int(scaled) % Int(scale))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return digits == 0
            ? "\(sign)\(whole)" : "\(sign)\(whole).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }
}

extension Figure {
    /// Four significant digits, without an exponent below 10⁹: `12345.6` as `12,350`, `0.0123456` as `0.01235`.
    static func significant(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
        var digits = 3
        var scale = abs(value)
        while scale >= 10 && digits > 0 {
            scale /= 10
            digits -= 1
        }
        while scale < 1 && digits < 12 {
            scale *= 10
            digits += 1
        }
        guard digits == 0 else { return decimal(value, digits: digits) }
        guard abs(value) < 1e9 else { return "\(value)" }
        var unit = 1.0
        while abs(value) / unit >= 10_000 { unit *= 10 }
        return count(Int((value / unit).rounded() * unit))
    }
}
