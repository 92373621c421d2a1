internal import Catalog
internal import Domain
internal import Linalg

/// What a serving process needs of memory for its model and catalogue:
///
///     own       48 MiB + 1 KiB P + 3 T + C + X
///     mapped    factors + history + identifiers of the model
///
/// - 48 MiB: the program, its threads, tables that do not grow.
/// - P places, one for each item of the model and each film; T bytes of the films' texts: the catalogue, the embedded content
///   index over it, and what filters ask.
/// - C: the codes of the item factors for exact top-k, at most a fifth of these; of fewer than 1,024 items the factors
///   themselves, laid out for the scan.
/// - X: where films are new to the model, the item factors with the rows that were predicted for them, and the codes of all.
///
/// Mapped files are shared between the processes of a machine, and the system takes back what nobody reads. What grows with use
/// has bounds of its own, in docs/serving.md: answers, events, layouts for similar items and users.
struct ServingMemory {
    let places: Int
    let textBytes: Int
    let codeBytes: Int
    let extendedBytes: Int
    let mappedBytes: Int

    /// Of a model with the films of a catalogue. O(films).
    init(_ layout: ModelLayout, _ items: ItemSpace) {
        places = items.count
        textBytes = items.movies.reduce(0) { $0 + Self.textBytes(of: $1) }
        codeBytes = Self.codeBytes(of: layout.trained)
        extendedBytes =
            layout.model is ExtendedModel
            ? 4 * layout.model.itemFactors.rows * layout.model.itemFactors.columns + Self.codeBytes(of: layout.model)
            : 0
        mappedBytes = layout.trained.mappedBytes
    }

    /// Of the process, at most, before it is used.
    var ownBytes: Int { (48 << 20) + 1024 * places + 3 * textBytes + codeBytes + extendedBytes }

    private static func codeBytes(of model: any FactorModel) -> Int {
        let (floats, codes) = model.packedItems.byteCounts
        return codes > 0 ? codes : floats
    }

    private static func textBytes(of film: Movie) -> Int {
        film.itemID.utf8.count + film.title.utf8.count + film.overview.utf8.count + film.description.utf8.count
            + (film.director?.utf8.count ?? 0)
            + film.genres.reduce(0) { $0 + $1.utf8.count } + film.keywords.reduce(0) { $0 + $1.utf8.count }
    }
}
