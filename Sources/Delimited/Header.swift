/// The names in the first line of a file, and where each stands.
public struct Header: Sendable, Equatable {
    /// As they are written, without blanks around them.
    public let names: [String]

    /// Takes the reader's next row for the header.
    /// - Throws: ``DelimitedError/unreadable(path:reason:)`` if there is none.
    public init(_ reader: DelimitedReader, path: String) throws {
        switch try reader.next() {
        case .row: break
        case .end:
            throw DelimitedError.unreadable(path: path, reason: "it has no first line with names of columns")
        case .refused(let reason):
            throw DelimitedError.unreadable(path: path, reason: "its first line is no header (\(reason.rawValue))")
        }
        names = (0..<reader.fieldCount).map {
            reader.withBytes($0) { String(decoding: Cell.trimmed($0), as: UTF8.self) }
        }
    }

    /// Where a column stands that is called so, letter for letter or else but for case, blanks, `_` and `-`; nil if
    /// none is, or two are.
    public func index(of name: String) -> Int? {
        for matches in [
            names.indices.filter { names[$0] == name },
            names.indices.filter { Self.plain(names[$0]) == Self.plain(name) },
        ] where !matches.isEmpty {
            return matches.count == 1 ? matches[0] : nil
        }
        return nil
    }

    /// Where each of `wanted` stands.
    /// - Throws: ``DelimitedError/missingColumns(path:missing:found:)`` with all that are not there, or twice.
    public func indices(of wanted: [String], path: String) throws -> [Int] {
        let found = wanted.map { index(of: $0) }
        let missing = zip(wanted, found).filter { $1 == nil }.map(\.0)
        guard missing.isEmpty else {
            throw DelimitedError.missingColumns(path: path, missing: missing, found: names.map { Cell.shown($0) })
        }
        return found.compactMap(\.self)
    }

    private static func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
}
