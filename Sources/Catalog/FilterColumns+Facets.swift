internal import Operations

extension FilterColumns {
    /// How many of the places have which value of a facet, most first, equal counts by the value's bytes.
    /// O(places + values).
    func counts(_ facet: FilmFacet, of places: [Int32]) -> [FilmCount] {
        switch (facet, columns[facet.field.ordinal].get()) {
        case (_, .text(let column)): FilmCount.ranked(column.counts(of: places))
        case (_, .texts(let column)): FilmCount.ranked(column.counts(of: places))
        case (_, .integer(let column)): FilmCount.ranked(column.counts(of: places) { "\($0 / 10 * 10)" })
        case (_, .float), (_, .long): []
        }
    }
}
