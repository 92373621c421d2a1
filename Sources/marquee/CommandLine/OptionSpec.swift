import Domain
import Foundation
import HTTPClient

/// What the command table says of one option: everything that parsing, help, configuration and completion need.
struct OptionSpec: Sendable {
    /// Long name without dashes, such as `bootstrap-servers`: also the key in the configuration file, unless ``setting``
    /// says otherwise.
    let name: String
    /// What configuration file and environment call it, where another command's option of the same name means something
    /// else: one variable must not set both. The section of its own command may use either name.
    var setting: String?
    var short: Character?
    /// What stands for the value in the help, such as `DIR`; nil for a flag.
    let placeholder: String?
    /// Text of the default, or nil if there is none.
    var fallback: String?
    /// The only values accepted, if there are few.
    var choices: [String] = []
    let summary: String
    /// Whether it cannot be typed, since others can read command lines (`ps`): environment and configuration file set it.
    var isNeverTyped = false
    /// Whether it may be given several times: its text then has a line for each.
    var isRepeatable = false
    /// What is wrong with a value, as the end of "… but it must …", or nil if it is good.
    let problem: @Sendable (String) -> String?

    /// The environment variable that sets it.
    var environmentName: String {
        "MARQUEE_" + settingName.uppercased().replacing("-", with: "_").replacing(".", with: "_")
    }

    /// Its name for all commands together.
    var settingName: String { setting ?? name }

    var isFlag: Bool { placeholder == nil }
}

/// An option whose value has a type. Declared once, in `Options`, and read from an ``Invocation`` by it.
struct Option<Value: Sendable>: Sendable {
    private(set) var spec: OptionSpec
    let read: @Sendable (String) -> Value?

    /// - Parameters:
    ///   - must: the rule, as the end of "it must …".
    ///   - read: nil if the text breaks the rule.
    init(
        _ name: String, short: Character? = nil, _ placeholder: String?, default fallback: String? = nil,
        choices: [String] = [], _ summary: String, must: String, read: @escaping @Sendable (String) -> Value?
    ) {
        spec = OptionSpec(
            name: name, short: short, placeholder: placeholder, fallback: fallback, choices: choices, summary: summary,
            problem: { read($0) == nil ? must : nil })
        self.read = read
    }

    /// The same option, which only the environment and the configuration file can set.
    var neverTyped: Self {
        var option = self
        option.spec.isNeverTyped = true
        return option
    }

    /// The same option, which may be given several times.
    var repeatable: Self {
        var option = self
        option.spec.isRepeatable = true
        return option
    }

    /// The same option, called `name` where settings of all commands stand together.
    func set(as name: String) -> Self {
        var option = self
        option.spec.setting = name
        return option
    }
}

extension Option where Value == String {
    static func text(
        _ name: String, short: Character? = nil, _ placeholder: String, default fallback: String? = nil,
        _ summary: String
    ) -> Self {
        Self(name, short: short, placeholder, default: fallback, summary, must: "not be empty") {
            $0.isEmpty ? nil : $0
        }
    }

    /// A file of certificates, which is looked at before the command does anything.
    static func authority(_ name: String, _ summary: String) -> Self {
        Self(name, "FILE", summary, must: "be a PEM file of certificates that can be read") {
            AuthorityFile.problem(of: $0) == nil ? $0 : nil
        }
    }

    /// What can only lie on a disk: databases, and what is locked.
    static func folder(_ name: String, _ placeholder: String, default fallback: String? = nil, _ summary: String)
        -> Self
    {
        Self(name, placeholder, default: fallback, summary, must: "be a folder of this machine") {
            $0.isEmpty || $0.contains("://") ? nil : $0
        }
    }

    static func choice(_ name: String, _ choices: [String], default fallback: String? = nil, _ summary: String) -> Self
    {
        Self(
            name, choices.joined(separator: "|"), default: fallback, choices: choices, summary,
            must: "be one of \(choices.joined(separator: ", "))"
        ) { choices.contains($0) ? $0 : nil }
    }
}

extension Option where Value == Bool {
    static func flag(_ name: String, short: Character? = nil, _ summary: String) -> Self {
        Self(name, short: short, nil, default: "false", summary, must: "be true or false") { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }
}

extension Option where Value == Int {
    static func integer(
        _ name: String, short: Character? = nil, _ placeholder: String = "N", in range: ClosedRange<Int>,
        default fallback: Int? = nil, _ summary: String
    ) -> Self {
        let must =
            range.upperBound == .max
            ? "be a whole number from \(range.lowerBound)"
            : "be a whole number from \(range.lowerBound) to \(range.upperBound)"
        return Self(name, short: short, placeholder, default: fallback.map(String.init), summary, must: must) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Option where Value == Int {
    /// An amount of memory, written `1048576`, `64M`, `64MiB` or `1G`: powers of 1024.
    static func bytes(_ name: String, default fallback: String? = nil, _ summary: String) -> Self {
        Self(name, "SIZE", default: fallback, summary, must: "be a size from 1M, such as 64M or 1G") { text in
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            let shifts = ["": 0, "K": 10, "M": 20, "G": 30]
            var unit = text.dropFirst(digits.count).uppercased()
            for suffix in ["IB", "B"] where unit.hasSuffix(suffix) {
                unit.removeLast(suffix.count)
                break
            }
            guard let number = Int(digits), let shift = shifts[unit] else { return nil }
            let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
            return overflow || bytes < 1 << 20 ? nil : bytes
        }
    }
}

extension Option where Value == Double {
    static func number(
        _ name: String, _ placeholder: String = "X", in range: ClosedRange<Double>, default fallback: Double? = nil,
        _ summary: String
    ) -> Self {
        let must =
            range.upperBound == .greatestFiniteMagnitude
            ? "be a number from \(range.lowerBound)"
            : "be a number from \(range.lowerBound) to \(range.upperBound)"
        return Self(name, placeholder, default: fallback.map { "\($0)" }, summary, must: must) { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A rate, written `500` or `500/s`.
    static func rate(_ name: String, default fallback: String? = nil, _ summary: String) -> Self {
        Self(name, "N/s", default: fallback, summary, must: "be a number above 0, such as 500/s") { text in
            let number = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
            return Double(number).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
        }
    }

    /// A part of a whole, written `0.1%` or `0.001`.
    static func share(_ name: String, default fallback: String? = nil, _ summary: String) -> Self {
        Self(name, "SHARE", default: fallback, summary, must: "be a share such as 0.1% or 0.001, 100% at most") {
            text in
            let isPercent = text.hasSuffix("%")
            guard let number = Double(isPercent ? String(text.dropLast()) : text) else { return nil }
            let share = isPercent ? number / 100 : number
            return (0...1).contains(share) ? share : nil
        }
    }

    /// A length of time in seconds, written `90s`, `15m`, `6h` or `1d`.
    static func seconds(_ name: String, default fallback: String? = nil, _ summary: String) -> Self {
        Self(
            name, "TIME", default: fallback, summary, must: "be a length of time such as 30s, 15m, 6h or 1d",
            read: length)
    }

    /// Seconds of a length of time as it is written, or nil if it is none. A thousand years at most: what is longer is no
    /// number that a clock takes.
    @Sendable static func length(_ text: String) -> Double? {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last, let factor = units[unit], let number = Double(text.dropLast()), number > 0,
            number * factor <= 1000 * 365.25 * 86_400
        else { return nil }
        return number * factor
    }
}

extension Option where Value == Timestamp {
    static func time(_ name: String, _ summary: String) -> Self {
        Self(name, "TIME", summary, must: "be a time such as 2026-11-20T12:00:00Z, or a day such as 2026-11-20") {
            Timestamp($0) ?? CalendarDate($0)?.start
        }
    }
}

extension Option where Value == [String] {
    static func list(_ name: String, _ placeholder: String, _ summary: String) -> Self {
        Self(name, placeholder, summary, must: "be names separated by commas") { text in
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return names.contains("") ? nil : names
        }
    }
}

extension Option where Value == [Int] {
    static func integers(
        _ name: String, _ placeholder: String, in range: ClosedRange<Int>, default fallback: String, _ summary: String
    ) -> Self {
        Self(
            name, placeholder, default: fallback, summary,
            must: "be whole numbers from \(range.lowerBound) to \(range.upperBound), separated by commas"
        ) { text in
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard !numbers.isEmpty, numbers.allSatisfy({ $0.map(range.contains) ?? false }) else { return nil }
            return numbers.compactMap { $0 }
        }
    }
}
