import Columnar
import Domain
import Foundation

/// Values as JSON that keeps their types: whole numbers as numbers, binary as base64, instants as RFC 3339 with
/// microseconds, NaN and infinities as texts.
enum RowJSON {
    static func append(_ value: Value, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .int(let value): bytes += value.description.utf8
        case .float(let value): append(value.isFinite ? nil : Double(value), value.description, to: &bytes)
        case .double(let value): append(value.isFinite ? nil : value, value.description, to: &bytes)
        case .string(let text): JSONText.append(quoted: text, to: &bytes)
        case .binary(let binary): JSONText.append(quoted: Data(binary).base64EncodedString(), to: &bytes)
        case .date(let date): JSONText.append(quoted: date.description, to: &bytes)
        case .timestamp(let time): JSONText.append(quoted: ValueText.microseconds(time) + "Z", to: &bytes)
        case .localTimestamp(let time): JSONText.append(quoted: ValueText.microseconds(time), to: &bytes)
        case .decimal(let number): bytes += number.description.utf8
        case .list(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .map(let entries):
            // Keys of any type: text keys make an object, others a list of pairs.
            let isObject = entries.allSatisfy { if case .string = $0.key { true } else { false } }
            bytes.append(UInt8(ascii: isObject ? "{" : "["))
            for (index, entry) in entries.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                if !isObject { bytes.append(UInt8(ascii: "[")) }
                append(entry.key, to: &bytes)
                bytes.append(UInt8(ascii: isObject ? ":" : ","))
                append(entry.value, to: &bytes)
                if !isObject { bytes.append(UInt8(ascii: "]")) }
            }
            bytes.append(UInt8(ascii: isObject ? "}" : "]"))
        case .structure(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONText.append(quoted: member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ odd: Double?, _ text: String, to bytes: inout [UInt8]) {
        guard let odd else {
            bytes += text.utf8
            return
        }
        JSONText.append(quoted: odd.isNaN ? "NaN" : odd < 0 ? "-Infinity" : "Infinity", to: &bytes)
    }
}

/// Values as plain text, for tables and CSV.
enum ValueText {
    static func plain(_ value: Value) -> String {
        switch value {
        case .null: return ""
        case .string(let text): return text
        case .int(let value): return value.description
        case .date(let date): return date.description
        default:
            var bytes: [UInt8] = []
            RowJSON.append(value, to: &bytes)
            switch value {
            // These are texts in JSON, but need no quotes here.
            case .timestamp, .localTimestamp, .binary, .float, .double:
                if bytes.first == UInt8(ascii: "\"") { bytes = Array(bytes.dropFirst().dropLast()) }
            default: break
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// `2026-11-20T12:00:00.000000`, always with six digits so that texts sort as times.
    static func microseconds(_ time: Timestamp) -> String {
        var text = String(Timestamp(seconds: time.seconds).description.dropLast())
        let digits = String(time.microseconds - time.seconds * 1_000_000)
        text += "." + String(repeating: "0", count: 6 - digits.count) + digits
        return text
    }
}
