import Columnar
import Domain
import Foundation

/// What a command prints for other programs: one JSON value on standard output, and nothing else.
enum JSONOutput {
    /// Writes an object of these members, in this order, on one line.
    static func write(_ members: [(name: String, value: Value)]) {
        var bytes: [UInt8] = []
        RowJSON.append(.structure(members.map { Value.Member(name: $0.name, value: $0.value) }), to: &bytes)
        bytes.append(10)
        StandardOutput.write(bytes: bytes)
        StandardOutput.flush()
    }

    /// Writes a value as it encodes itself, with keys in order.
    /// - Parameter isPretty: on many lines, for files that are looked at; else on one.
    static func write(_ value: some Encodable, isPretty: Bool = false) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        StandardOutput.write(line: String(decoding: try encoder.encode(value), as: UTF8.self))
        StandardOutput.flush()
    }
}
