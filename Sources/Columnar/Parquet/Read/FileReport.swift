/// What ``ParquetFile/verify()`` found.
public struct FileReport: Hashable, Sendable {
    /// What is wrong; empty if nothing is.
    public var problems: [String] = []
    /// Pages of all columns.
    public var pages = 0
    /// Pages that carry a checksum. In one without, a changed byte may go unseen.
    public var checksums = 0
    /// Columns of which not every value was read, in order of their names.
    public var unseen: [UnseenColumn] = []
}

/// A column whose values were not looked at, and what was checked of it all the same.
public struct UnseenColumn: Hashable, Sendable {
    public var name: String
    /// What it uses that is not supported.
    public var feature: String
    /// Files that have it so.
    public var files = 1
    public var pages = 0
    /// Pages whose checksum was there, and right.
    public var checksums = 0
    /// Pages that could be decompressed.
    public var unpacked = 0
}

extension [UnseenColumn] {
    /// Adds what was found of a column in another row group or file.
    mutating func add(_ column: UnseenColumn, isNewFile: Bool) {
        guard let index = firstIndex(where: { $0.name == column.name && $0.feature == column.feature }) else {
            append(column)
            sort { ($0.name, $0.feature) < ($1.name, $1.feature) }
            return
        }
        self[index].pages += column.pages
        self[index].checksums += column.checksums
        self[index].unpacked += column.unpacked
        if isNewFile { self[index].files += column.files }
    }
}
