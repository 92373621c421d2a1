extension FilterColumns {
    /// How many of the places have which value of a facet, most first, equal counts by the value's bytes.
    /// O(places + values).
    func counts(_ facet: FilmFacet, of places: [Int32]) -> [FilmCount] {
        FilmCount.ranked(counts(facet.field, of: places))
    }
}
