internal import Foundation

/// Who sends a mail or gets one: `films@example.org`, or with a name, `Films <films@example.org>`.
public struct MailAddress: Sendable, Hashable {
    /// Nil if there is none.
    public let name: String?
    /// In ASCII: a domain of other letters in its `xn--` form.
    public let address: String

    /// - Throws: ``DeliveryError/badMailAddress(reason:)`` for what is none, and for whatever could begin another header.
    public init(_ text: String) throws(DeliveryError) {
        guard text.unicodeScalars.allSatisfy(MailText.isHarmless) else {
            throw .badMailAddress(reason: "it holds control characters, or some that turn the text around")
        }
        let text = text.trimmingCharacters(in: .whitespaces)
        if text.hasSuffix(">"), let start = text.lastIndex(of: "<") {
            let name = text[..<start].trimmingCharacters(in: .whitespaces).trimmingCharacters(in: ["\""])
            guard name.utf8.count <= 200, !name.contains(where: { "\"<>".contains($0) }) else {
                throw .badMailAddress(reason: "its name is too long, or holds quotes or angle brackets")
            }
            self.name = name.isEmpty ? nil : name
            address = String(text[text.index(after: start)...].dropLast())
        } else {
            name = nil
            address = text
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count), address.utf8.count <= 254,
            parts[0].utf8.allSatisfy(Self.isOfName), !parts[0].hasPrefix("-"),
            parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else { throw .badMailAddress(reason: "it is not of the form name@domain in ASCII") }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy(Self.isLabel), !(labels.last ?? "").utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .badMailAddress(reason: "its domain is none; write other letters than ASCII in the form xn--…")
        }
    }

    /// Letters of a name without quotes (RFC 5322, 3.2.3), and the point between its parts.
    private static func isOfName(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~.".utf8.contains(byte)
    }

    /// A part of a domain (RFC 1035, 2.3.1; RFC 1123, 2.1).
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: false
        }
    }

    /// As ``init(_:)`` reads it.
    public var text: String { name.map { "\($0) <\(address)>" } ?? address }

    /// What stands behind the `@`.
    var domain: Substring { address.split(separator: "@")[1] }

    /// As a header has it.
    var header: String { name.map { "\(MailText.word($0)) <\(address)>" } ?? address }
}
