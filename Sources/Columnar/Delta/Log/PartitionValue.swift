import Domain
import Foundation

/// The text of a partition column's value in the log. Delta protocol, "Partition value serialization".
enum PartitionValue {
    /// Whether rows can be sorted into partitions by a column of this type.
    static func supports(_ type: ColumnType) -> Bool {
        switch type {
        case .bool, .int32, .int64, .string, .date, .timestamp, .localTimestamp: true
        default: false
        }
    }

    /// Whether partitions that others made by a column of this type are read.
    static func canRead(_ type: ColumnType) -> Bool { type.isPrimitive }

    /// Nil for null, and for the empty string, which the log cannot tell from it.
    static func text(of value: Value) -> String? {
        switch value {
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .string(let value): value.isEmpty ? nil : value
        case .date(let value): value.description
        case .timestamp(let value): value.description
        case .localTimestamp(let value):
            String(value.description.dropLast().map { $0 == "T" ? " " : $0 })
        default: nil
        }
    }

    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` if the text is none that is known for a value of the type:
    ///   writers have their own forms, so a strange one need not be damage.
    static func value(of text: String?, type: ColumnType, column: String, file: String) throws -> Value {
        guard let text, !text.isEmpty else { return .null }
        let value: Value? =
            switch type {
            case .bool: Bool(text.lowercased()).map { .bool($0) }
            case .int32: Int32(text).map { .int(Int64($0)) }
            case .int64: Int64(text).map { .int($0) }
            case .float: Float(text).map { .float($0) }
            case .double: Double(text).map { .double($0) }
            case .decimal(_, let scale): DecimalNumber(text)?.rescaled(to: scale).map { .decimal($0) }
            case .string: .string(text)
            case .binary: bytes(text).map { .binary($0) }
            case .date: CalendarDate(text).map { .date($0) }
            case .timestamp: PartitionInstant(text).map { .timestamp($0.instant) }
            // A clock of no zone that is told in one: only UTC's says nothing of another.
            case .localTimestamp:
                PartitionInstant(text).flatMap { ($0.offset ?? 0) == 0 ? .localTimestamp($0.wallClock) : nil }
            case .list, .map, .structure: nil
            }
        guard let value else {
            throw ColumnarError.unsupported(
                file: file, feature: "'\(text)' as a \(type) in the partition column \(column)")
        }
        return value
    }

    /// `\u0001\u00ff`: a byte each. Other forms leave it open which bytes are meant.
    private static func bytes(_ text: String) -> [UInt8]? {
        let pieces = text.components(separatedBy: "\\u").dropFirst()
        let bytes = pieces.compactMap { $0.utf8.count == 4 ? UInt8($0, radix: 16) : nil }
        return text.hasPrefix("\\u") && bytes.count == pieces.count ? bytes : nil
    }
}
