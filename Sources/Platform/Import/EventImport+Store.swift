internal import Catalog
internal import Columnar
internal import Domain
public import EventIngest
public import Operations
public import Store

extension EventImport {
    /// Adds to the tables of a store the films and events that it does not have. Blocks.
    /// - Parameters:
    ///   - keepsText: whether the words of reviews are kept.
    ///   - pseudonyms: keys of what users are called; nil for their identifiers as they are.
    ///   - summary: gets what was taken and what was not, also if this throws.
    ///   - onProgress: gets the bytes read, of the import's `byteCount`, and then the events stored or found.
    /// - Throws: `IngestError.emptyImport` if none of it is an event, and nothing was stored; what reading the data set or
    ///   writing the tables throws; `CancellationError`.
    public func store(
        in store: EventStore, keepingText keepsText: Bool = false, pseudonyms: PseudonymKeys? = nil,
        into summary: inout ImportSummary, _ flag: CancellationFlag,
        onProgress: (ImportProgress) -> Void = { _ in }
    ) throws {
        let films = try movies(into: &summary)
        var known = 0
        try self.store(
            in: store.openOrCreate(.events, pseudonymKey: pseudonyms?.keyID), keepingText: keepsText,
            pseudonyms: pseudonyms, into: &summary,
            beforeStoring: { known = try ImportedFilms.store(films, in: store) }, progress: onProgress,
            check: { try flag.check() })
        summary.knownMovies = known
    }
}
