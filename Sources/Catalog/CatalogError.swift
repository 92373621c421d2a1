public import Domain

/// What can go wrong with the catalogue and the services behind it.
public enum CatalogError: Fault, Equatable {
    /// One film's description cannot be used. `reason` says why, without the text itself.
    case malformedMovie(reason: String)
    /// An edit of a film that the catalogue does not have.
    case noSuchFilm(itemID: String)
    /// An edit of a film as it was, and it is another one by now, or gone.
    case filmChanged(itemID: String)
    /// An edit that is not meant for a film that is there, or not for one as it is.
    case filmExists(itemID: String)
    /// A catalogue file cannot be read at all.
    case unreadable(path: String, reason: String)
    /// A catalogue file was read and holds no usable film.
    case emptyCatalogue(path: String, rejected: Int)
    /// The search service cannot be asked now.
    case searchUnavailable(server: String, reason: String)
    /// The search service wants other credentials.
    case searchRefused(server: String, status: Int)
    case indexMissing(server: String, index: String)
    /// An index of that name exists and is not ours.
    case indexMismatch(server: String, index: String, reason: String)
    /// The index is closed: it can neither be searched nor written.
    case indexClosed(server: String, index: String)
    /// The index, or all of the service, takes no writes or answers no searches: an operator's block, or a disk that is
    /// nearly full.
    case indexBlocked(server: String, index: String, reason: String)
    /// No index can have this name.
    case malformedIndexName(name: String, reason: String)
    /// The index does not take some films, whatever is done.
    case filmsRejected(server: String, index: String, count: Int, of: Int, reason: String)
    /// The index has no factors of films, or not such ones.
    case noFactors(server: String, index: String, reason: String)
    /// The search service answered what we cannot make sense of, or rejected what we asked.
    case searchProtocol(server: String, reason: String)
    case malformedAddress(reason: String)
    case malformedAPIAddress(reason: String)
    /// The key to an API of films cannot be one. `reason` never quotes it.
    case malformedKey(reason: String)
    /// The API of films cannot be asked now.
    case apiUnavailable(server: String, reason: String)
    /// The API of films wants another key.
    case apiRefused(server: String, status: Int)
    /// The API of films answered what we cannot make sense of.
    case apiProtocol(server: String, reason: String)

    public var code: String {
        switch self {
        case .malformedMovie: "movie-malformed"
        case .noSuchFilm: "film-not-found"
        case .filmChanged: "film-changed"
        case .filmExists: "film-exists"
        case .unreadable: "catalogue-unreadable"
        case .emptyCatalogue: "catalogue-empty"
        case .searchUnavailable: "search-unavailable"
        case .searchRefused: "search-refused"
        case .indexMissing: "search-index-missing"
        case .indexMismatch: "search-index-mismatch"
        case .indexClosed: "search-index-closed"
        case .indexBlocked: "search-index-blocked"
        case .malformedIndexName: "search-index-name"
        case .filmsRejected: "search-films-rejected"
        case .noFactors: "search-without-factors"
        case .searchProtocol: "search-protocol"
        case .malformedAddress: "search-address"
        case .malformedAPIAddress: "api-address"
        case .malformedKey: "api-key-malformed"
        case .apiUnavailable: "api-unavailable"
        case .apiRefused: "api-refused"
        case .apiProtocol: "api-protocol"
        }
    }

    public var message: String {
        switch self {
        case .malformedMovie(let reason): "The film cannot be used: \(reason)."
        case .noSuchFilm(let itemID): "The catalogue has no film “\(itemID.prefix(80))”."
        case .filmChanged(let itemID): "The film “\(itemID.prefix(80))” is not the one any more that the edit is of."
        case .filmExists(let itemID): "The film “\(itemID.prefix(80))” is there, and the edit is not meant for it."
        case .unreadable(let path, let reason): "Cannot read the catalogue \(path): \(reason)."
        case .emptyCatalogue(let path, let rejected):
            "The catalogue \(path) holds no usable film (\(rejected) lines rejected)."
        case .searchUnavailable(let server, let reason): "Search at \(server) is not available: \(reason)."
        case .searchRefused(let server, let status): "Search at \(server) refuses our credentials (status \(status))."
        case .indexMissing(let server, let index): "There is no index \(index) at \(server)."
        case .indexMismatch(let server, let index, let reason):
            "The index \(index) at \(server) is not ours: \(reason)."
        case .indexClosed(let server, let index): "The index \(index) at \(server) is closed."
        case .indexBlocked(let server, let index, let reason): "The index \(index) at \(server) is blocked: \(reason)."
        case .malformedIndexName(let name, let reason): "No index can be called “\(name)”: \(reason)."
        case .filmsRejected(let server, let index, let count, let all, let reason):
            "The index \(index) at \(server) does not take \(count) of \(all) films: \(reason)."
        case .noFactors(let server, let index, let reason):
            "The index \(index) at \(server) cannot be asked for factors: \(reason)."
        case .searchProtocol(let server, let reason): "Search at \(server) answered oddly: \(reason)."
        case .malformedAddress(let reason): "The search address cannot be used: \(reason)."
        case .malformedAPIAddress(let reason): "The address of the API cannot be used: \(reason)."
        case .malformedKey(let reason): "The key to the API cannot be used: \(reason)."
        case .apiUnavailable(let server, let reason): "\(server) cannot be asked: \(reason)."
        case .apiRefused(let server, let status): "\(server) refuses the key (status \(status))."
        case .apiProtocol(let server, let reason): "\(server) answers oddly: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .malformedMovie: "Give at least an id and a title, as docs/catalogue.md describes."
        case .filmChanged: "Read it again, and send the edit with the ETag that it has then."
        case .filmExists: "Send the edit without If-None-Match."
        case .noSuchFilm: "PUT it as a whole; GET /v1/items lists those that there are."
        case .unreadable: "Check the path and its permissions."
        case .emptyCatalogue: "It should be one JSON object a line, each with an id and a title."
        case .searchUnavailable: "It is tried again by itself; without it similarity is left out."
        case .searchRefused: "Check user, password or API key."
        case .indexMissing: "Index the catalogue first."
        case .indexMismatch: "Name another index, or remove that one."
        case .indexClosed: "Open it with POST INDEX/_open; it is tried again by itself."
        case .indexBlocked:
            "Take the index.blocks.* away, or free disk space; it is tried again by itself."
        case .malformedIndexName: "Name one in lower case, such as movies, with --elasticsearch-index."
        case .filmsRejected: "Name a new index: its mapping is not made for these films."
        case .noFactors: "Fill it anew with catalog index --models DIR, and ask with the same model."
        case .searchProtocol: "Check that it is Elasticsearch 8 or 9 or OpenSearch 2."
        case .malformedAddress: "Write it as http://host:9200 or https://host:9200."
        case .malformedAPIAddress: "Write it as https://host/3, or http://localhost:PORT/3 for one on this machine."
        case .malformedKey:
            "Give the API key, or the API read access token, as TMDB's settings show it, in TMDB_API_KEY or --api-key-file."
        case .apiUnavailable: "Run it again later: it goes on where it was."
        case .apiRefused: "Check TMDB_API_KEY or the file of --api-key-file."
        case .apiProtocol: "Check the address; run it again later, it goes on where it was."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .malformedMovie, .emptyCatalogue, .searchProtocol, .filmsRejected, .apiProtocol: .badData
        case .noSuchFilm, .unreadable, .indexMissing: .notFound
        case .searchUnavailable, .indexClosed, .indexBlocked, .apiUnavailable: .unavailable
        case .filmChanged, .filmExists, .searchRefused, .indexMismatch, .noFactors, .malformedIndexName,
            .malformedAddress,
            .malformedAPIAddress, .malformedKey, .apiRefused:
            .usage
        }
    }
}
