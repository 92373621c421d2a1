public import Domain

/// A filter's text, read and checked against the fields; the values of its `$name`s are still open.
public struct ParsedFilter: Sendable {
    private let parsed: FilterParser.Parsed

    /// - Parameter text: see docs/filters.md for the language.
    /// - Throws: ``FilterError`` that says where the text is none.
    public init(_ text: String) throws(FilterError) { parsed = try FilterParser.parse(text) }

    /// Puts the values in.
    /// - Throws: ``FilterError`` for a parameter without a value or with one that its field does not hold, and for a value
    ///   without a parameter.
    public func bound(to values: [String: JSONValue]) throws(FilterError) -> FilmFilter {
        FilmFilter(bound: try parsed.bound(to: values))
    }
}

/// What a filter asks of a film, ready to be evaluated: here by ``FilterColumns``, elsewhere by a search service.
public struct FilmFilter: Sendable {
    let bound: BoundFilter

    init(bound: BoundFilter) { self.bound = bound }

    /// - Throws: ``FilterError``, as ``ParsedFilter``.
    public init(_ text: FilterText) throws(FilterError) {
        self = try ParsedFilter(text.expression).bound(to: text.parameters)
    }

    /// What both let through.
    public func and(_ other: FilmFilter) -> FilmFilter { FilmFilter(bound: .all([bound, other.bound])) }
}
