public import Domain

/// The rows of the table of films, as those who add to it must know them: films that arrive again are told from news.
///
/// A film that an earlier batch described at the same time in the same words is no row again, so that reading a topic again
/// adds nothing. Within a batch every message has its row: the last one of a topic says where it ends.
/// About 100 bytes for each film and 8 for each row.
public struct FilmLedger {
    private let normalizer: CatalogNormalizer
    private var rows: Set<Int>
    /// When a film was withdrawn that was not described since.
    private var withdrawn: [ExactText: Timestamp]

    /// - Parameter rows: those of the table.
    public init(_ rows: [Movie]) {
        let films = CatalogSnapshot(rows)
        normalizer = CatalogNormalizer(knowing: films)
        withdrawn = films.withdrawn
        self.rows = Set(rows.lazy.filter { !$0.isWithdrawn }.map(Self.fingerprint))
    }

    /// The films that the table does not have word for word, with their norms, as rows to add, and where they stood among
    /// those given. They are known from then on. O(films).
    public mutating func news(_ films: [Movie]) -> (rows: [Movie], positions: [Int]) {
        var news: [Movie] = []
        var positions: [Int] = []
        var fingerprints: [Int] = []
        for (position, film) in films.enumerated() {
            let itemID = ExactText(film.itemID)
            if film.isWithdrawn {
                // Its row may be dated later than what asked for it, see ``CatalogNormalizer``.
                if let time = withdrawn[itemID], time >= film.updatedAt { continue }
                news.append(film)
                positions.append(position)
                withdrawn[itemID] = film.updatedAt
            } else {
                let fingerprint = Self.fingerprint(film)
                guard !rows.contains(fingerprint) else { continue }
                fingerprints.append(fingerprint)
                news.append(film)
                positions.append(position)
                if let time = withdrawn[itemID], film.updatedAt >= time { withdrawn[itemID] = nil }
            }
        }
        rows.formUnion(fingerprints)
        let normalised = normalizer.normalised(news)
        for film in normalised where film.isWithdrawn {
            let itemID = ExactText(film.itemID)
            if let time = withdrawn[itemID] { withdrawn[itemID] = max(time, film.updatedAt) }
        }
        return (normalised, positions)
    }

    /// Of what a row says; not of the norms, which depend on the others.
    private static func fingerprint(_ film: Movie) -> Int {
        var film = film
        (film.popularityNorm, film.voteNorm) = (nil, nil)
        var hasher = Hasher()
        hasher.combine(ExactText(film.itemID))
        hasher.combine(film)
        return hasher.finalize()
    }
}
