public import Domain

/// One change of the catalogue.
public enum CatalogEdit: Sendable {
    /// The whole film, new or instead of the one there.
    case put(Movie)
    /// What RFC 7396 (JSON Merge Patch) makes of the film: members of the patch replace, null takes away.
    case patch(itemID: String, JSONValue)
    /// The film is in no list any more.
    case withdraw(itemID: String)
    /// Changes nothing: what follows is only meant for a film that was described at one of these times; nil is at any.
    case require(itemID: String, describedAt: [Timestamp]?)
    /// Changes nothing: what follows is not meant for a film that was described at one of these times; nil is at any.
    case refuse(itemID: String, describedAt: [Timestamp]?)
}

/// What an edit came to.
public struct EditedFilm: Sendable {
    /// The film as it is now, or the mark of its withdrawal (``Movie/isWithdrawn``).
    public var movie: Movie
    /// Whether the catalogue had no such film before.
    public var isNew: Bool
}

/// Works out edits on a catalogue: each sees what those before it have made. The catalogue itself stays as it is until
/// ``rows`` are written.
public struct CatalogEditing {
    private let films: CatalogSnapshot
    private var edited: [ExactText: Movie] = [:]
    /// What is to be written, in order.
    public private(set) var rows: [Movie] = []

    /// - Parameter films: the catalogue to begin from.
    public init(_ films: CatalogSnapshot) { self.films = films }

    /// Takes in all of the edits, or none if one is refused.
    /// - Parameter now: when they were made. A film is dated after what was said of it before, whatever the clock says.
    /// - Throws: ``CatalogError/noSuchFilm(itemID:)``, ``CatalogError/filmChanged(itemID:)``,
    ///   ``CatalogError/filmExists(itemID:)``, ``CatalogError/malformedMovie(reason:)``.
    public mutating func apply(_ edits: [CatalogEdit], now: Timestamp) throws(CatalogError) -> [EditedFilm] {
        var next = self
        var outcomes: [EditedFilm] = []
        for edit in edits {
            switch edit {
            case .require(let itemID, let times):
                guard let film = next.current(itemID), times?.contains(film.updatedAt) ?? true else {
                    throw .filmChanged(itemID: itemID)
                }
            case .refuse(let itemID, let times):
                if let film = next.current(itemID), times?.contains(film.updatedAt) ?? true {
                    throw .filmExists(itemID: itemID)
                }
            case .put, .patch, .withdraw: outcomes.append(try next.apply(edit, now))
            }
        }
        self = next
        return outcomes
    }

    private mutating func apply(_ edit: CatalogEdit, _ now: Timestamp) throws(CatalogError) -> EditedFilm {
        var movie: Movie
        let known: Movie?
        switch edit {
        case .put(let film):
            known = current(film.itemID)
            movie = film
        case .patch(let itemID, let patch):
            known = current(itemID)
            guard let known else { throw .noSuchFilm(itemID: itemID) }
            movie = try FilmBody.patched(known, with: patch)
        case .withdraw(let itemID):
            known = current(itemID)
            guard known != nil else { throw .noSuchFilm(itemID: itemID) }
            movie = .withdrawn(itemID, at: now)
        case .require(let itemID, _), .refuse(let itemID, _): throw .filmChanged(itemID: itemID)
        }
        movie.updatedAt = max(now, latest(movie.itemID).map { Timestamp(microseconds: $0.microseconds + 1) } ?? now)
        edited[ExactText(movie.itemID)] = movie
        rows.append(movie)
        return EditedFilm(movie: movie, isNew: known == nil)
    }

    private func current(_ itemID: String) -> Movie? {
        guard let movie = edited[ExactText(itemID)] else { return films[itemID] }
        return movie.isWithdrawn ? nil : movie
    }

    /// When something was last said of the film.
    private func latest(_ itemID: String) -> Timestamp? {
        let key = ExactText(itemID)
        return edited[key]?.updatedAt ?? films[itemID]?.updatedAt ?? films.withdrawn[key]
    }
}
