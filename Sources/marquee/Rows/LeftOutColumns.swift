import Columnar
import Operations

/// Columns that a file or table has and that are not read here.
struct LeftOutColumns {
    /// By name, what each uses.
    let features: [String: String]
    /// The file or table.
    let place: String

    /// Names them on standard error, where they do not mix with rows.
    /// - Parameter others: how many columns are there besides.
    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` if there are no others.
    func announce(others: Int) throws {
        let sorted = features.sorted { $0.key < $1.key }
        guard let first = sorted.first else { return }
        if others == 0 { throw ColumnarError.unsupported(file: place, feature: first.value) }
        for (name, feature) in sorted {
            StandardError.write(line: "marquee: column \(name) is left out: \(feature) is not supported.")
        }
    }

    /// What `body` gives; a column that it misses and that is one of these is named as such.
    func explaining<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch ColumnarError.noSuchColumn(let name, let available) {
            guard let feature = features[name] else {
                throw ColumnarError.noSuchColumn(name: name, available: available)
            }
            throw ColumnarError.unsupported(file: place, feature: feature)
        }
    }
}

extension Snapshot {
    var leftOut: LeftOutColumns { LeftOutColumns(features: unsupportedColumns, place: location) }
}

extension ParquetFile {
    var leftOut: LeftOutColumns { LeftOutColumns(features: unsupportedColumns, place: path) }
}

extension UnseenColumn {
    /// `column price was not looked into (the type UINT64 in column price): 3 pages, 3 checksums right, 3 unpacked`
    var line: String {
        "column \(name) was not looked into (\(feature))" + (files > 1 ? " in \(Figure.count(files)) files" : "")
            + ": \(Figure.count(pages)) pages, \(Figure.count(checksums)) with a right checksum, "
            + "\(Figure.count(unpacked)) decompressed"
    }
}
