public import Columnar
public import Domain
import Store

/// How films become rows of `TableContract.movies`, and rows films.
public enum MovieTable {
    /// Films as rows, in their order, without the columns of the messages they came in. An empty overview becomes null.
    public static func batch(_ movies: [Movie]) throws -> RecordBatch {
        func strings(_ value: (Movie) -> String?) -> Column { .string(BytesColumn(movies.map(value))) }
        func floats(_ value: (Movie) -> Float?) -> Column { .float(column(value)) }
        func column<T: BitwiseCopyable & Sendable & ExpressibleByIntegerLiteral>(
            _ value: (Movie) -> T?
        ) -> PrimitiveColumn<T> {
            var column = PrimitiveColumn<T>()
            for movie in movies { column.append(value(movie)) }
            return column
        }
        var partial = PrimitiveColumn<Bool>()
        for movie in movies { partial.append(movie.isPartial ? true : nil) }
        return try RecordBatch(
            schema: TableContract.movies.contents,
            columns: [
                .string(BytesColumn(movies.map(\.itemID))),
                .string(BytesColumn(movies.map(\.title))),
                .string(BytesColumn(movies.map(\.description))),
                strings { $0.overview.isEmpty ? nil : $0.overview },
                .date(column { $0.releaseDate?.days }),
                .int32(column(\.year)),
                .list(ListColumn(movies.map(\.genres))),
                strings(\.language),
                .int32(column(\.runtime)),
                floats(\.popularity),
                floats(\.popularityNorm),
                floats(\.voteAverage),
                .int32(column(\.voteCount)),
                floats(\.voteNorm),
                .list(ListColumn(movies.map(\.keywords))),
                strings(\.director),
                .timestamp(PrimitiveColumn(movies.map(\.updatedAt.microseconds))),
                .timestamp(column(\.availableFrom?.microseconds)),
                .timestamp(column(\.availableUntil?.microseconds)),
                .int32(column(\.decade)),
                strings(\.tmdbID),
                .bool(partial),
                .list(findings(movies)),
            ])
    }

    private static func findings(_ movies: [Movie]) -> ListColumn {
        var lists = ListColumn(movies.map { $0.findings.map(\.text) })
        lists.validity = movies.map { !$0.findings.isEmpty }
        return lists
    }

    /// The films of a batch with at least the columns `item_id` and `title`; what other columns are missing is absent
    /// in the films.
    /// - Throws: `ColumnarError` if one of the two is missing or a column has another type.
    public static func movies(of batch: RecordBatch) throws -> [Movie] {
        let rows = try MovieRows(batch)
        return (0..<batch.rowCount).map { rows.movie(at: $0) }
    }

    /// Every film of the table as its newest row describes it.
    ///
    /// Reads all rows; blocking, so not for the cooperative pool.
    public static func catalogue(of snapshot: Snapshot) throws -> CatalogSnapshot {
        try CatalogSnapshot(rows(of: snapshot))
    }

    /// Every row of the table, older descriptions and marks of withdrawal included, in the order of its files.
    ///
    /// Blocking, so not for the cooperative pool.
    public static func rows(of snapshot: Snapshot) throws -> [Movie] {
        let known = Set(TableContract.movies.contents.names)
        var scan = try snapshot.scan(columns: snapshot.schema.names.filter(known.contains))
        var movies: [Movie] = []
        while let batch = try scan.next() { movies += try Self.movies(of: batch) }
        return movies
    }
}

/// The columns of one batch, found once.
private struct MovieRows {
    private let itemIDs: BytesColumn
    private let titles: BytesColumn
    private let description: BytesColumn?
    private let overview: BytesColumn?
    private let releaseDate: PrimitiveColumn<Int32>?
    private let year: PrimitiveColumn<Int32>?
    private let genres: ListColumn?
    private let language: BytesColumn?
    private let runtime: PrimitiveColumn<Int32>?
    private let popularity: PrimitiveColumn<Float>?
    private let popularityNorm: PrimitiveColumn<Float>?
    private let voteAverage: PrimitiveColumn<Float>?
    private let voteCount: PrimitiveColumn<Int32>?
    private let voteNorm: PrimitiveColumn<Float>?
    private let keywords: ListColumn?
    private let director: BytesColumn?
    private let updatedAt: PrimitiveColumn<Int64>?
    private let availableFrom: PrimitiveColumn<Int64>?
    private let availableUntil: PrimitiveColumn<Int64>?
    private let tmdbID: BytesColumn?
    private let isPartial: PrimitiveColumn<Bool>?
    private let findings: ListColumn?

    init(_ batch: RecordBatch) throws {
        /// The column taken apart as the type it must have; nil if the batch has none of that name.
        func optional<T>(_ name: String, _ take: (Column) -> T?) throws -> T? {
            guard batch.schema.index(of: name) != nil else { return nil }
            return try required(name, take)
        }
        func required<T>(_ name: String, _ take: (Column) -> T?) throws -> T {
            guard let column = take(try batch.column(named: name)) else {
                throw ColumnarError.schemaMismatch(
                    reason: "column \(name) is \(batch.schema[name].map { "\($0.type)" } ?? "absent")")
            }
            return column
        }
        itemIDs = try required(MovieColumn.itemID, \.byteStrings)
        titles = try required(MovieColumn.title, \.byteStrings)
        description = try optional(MovieColumn.description, \.byteStrings)
        overview = try optional(MovieColumn.overview, \.byteStrings)
        releaseDate = try optional(MovieColumn.releaseDate, \.int32s)
        year = try optional(MovieColumn.year, \.int32s)
        genres = try optional(MovieColumn.genres, \.lists)
        language = try optional(MovieColumn.language, \.byteStrings)
        runtime = try optional(MovieColumn.runtime, \.int32s)
        popularity = try optional(MovieColumn.popularity, \.floats)
        popularityNorm = try optional(MovieColumn.popularityNorm, \.floats)
        voteAverage = try optional(MovieColumn.voteAverage, \.floats)
        voteCount = try optional(MovieColumn.voteCount, \.int32s)
        voteNorm = try optional(MovieColumn.voteNorm, \.floats)
        keywords = try optional(MovieColumn.keywords, \.lists)
        director = try optional(MovieColumn.director, \.byteStrings)
        updatedAt = try optional(MovieColumn.updatedAt, \.int64s)
        availableFrom = try optional(MovieColumn.availableFrom, \.int64s)
        availableUntil = try optional(MovieColumn.availableUntil, \.int64s)
        tmdbID = try optional(MovieColumn.tmdbID, \.byteStrings)
        isPartial = try optional(MovieColumn.isPartial, \.bools)
        findings = try optional(MovieColumn.findings, \.lists)
    }

    func movie(at row: Int) -> Movie {
        Movie(
            itemID: itemIDs.string(at: row) ?? "", title: titles.string(at: row) ?? "",
            overview: overview?.string(at: row) ?? "", description: description?.string(at: row),
            releaseDate: releaseDate?[row].map { CalendarDate(days: $0) }, year: year?[row],
            genres: names(genres, row), language: language?.string(at: row), runtime: runtime?[row],
            popularity: popularity?[row], popularityNorm: popularityNorm?[row], voteAverage: voteAverage?[row],
            voteCount: voteCount?[row], voteNorm: voteNorm?[row], keywords: names(keywords, row),
            director: director?.string(at: row),
            availableFrom: availableFrom?[row].map { Timestamp(microseconds: $0) },
            availableUntil: availableUntil?[row].map { Timestamp(microseconds: $0) },
            updatedAt: Timestamp(microseconds: updatedAt?[row] ?? 0), tmdbID: tmdbID?.string(at: row),
            isPartial: isPartial?[row] ?? false, findings: names(findings, row).map(FilmFinding.init(text:)))
    }

    private func names(_ column: ListColumn?, _ row: Int) -> [String] {
        guard let column, !column.isNull(at: row), let strings = column.elements.byteStrings else { return [] }
        return column.range(of: row).compactMap { strings.string(at: $0) }
    }
}
