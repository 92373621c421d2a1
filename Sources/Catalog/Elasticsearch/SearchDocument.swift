import Domain
import Store

/// One document for the search service: its identifier, its version, and what it says.
struct SearchDocument {
    let id: String
    /// The action and the document, a line each.
    let body: [UInt8]
    /// Where the document begins in ``body``.
    let start: Int

    /// - Parameters:
    ///   - version: only a higher one replaces a document that is there.
    ///   - texts: bytes of long texts in it, so that room is set aside once.
    init(id: String, version: Int64, texts: Int = 0, _ members: (inout JSONWriter) -> Void) {
        self.id = id
        var json = JSONWriter(capacity: 1024 + texts)
        json.object { json in
            json.name("index")
            json.object {
                $0.field("_id", id)
                $0.field("version", Int(max(0, version)))
                $0.field("version_type", "external")
            }
        }
        json.newline()
        start = json.bytes.count
        json.object(members)
        json.newline()
        body = json.bytes
    }

    /// A film at the version of its `updatedAt`.
    /// - Parameter factors: nil for a film that no model knows.
    init(_ movie: Movie, factors: [Float]? = nil) {
        let texts = movie.overview.utf8.count + movie.description.utf8.count
        self.init(id: movie.itemID, version: movie.updatedAt.microseconds, texts: texts) { json in
            json.field(MovieColumn.itemID, movie.itemID)
            json.field(MovieColumn.title, movie.title)
            json.field(MovieColumn.overview, movie.overview)
            json.field(MovieColumn.description, movie.description)
            json.facts(of: movie)
            if let norm = movie.popularityNorm { json.field(MovieColumn.popularityNorm, norm) }
            if let norm = movie.voteNorm { json.field(MovieColumn.voteNorm, norm) }
            if let from = movie.availableFrom { json.field(MovieColumn.availableFrom, from.description) }
            if let until = movie.availableUntil { json.field(MovieColumn.availableUntil, until.description) }
            if let day = movie.chartDay { json.field(FilmIndex.released, day.description) }
            if let factors { json.list(FactorField.name) { list in for number in factors { list.value(number) } } }
        }
    }
}

extension Movie {
    /// The day that charts of years go by: that of the release, or the first day of a year that is said to be another.
    fileprivate var chartDay: CalendarDate? {
        guard let year else { return releaseDate }
        if let releaseDate, releaseDate.year == year { return releaseDate }
        return CalendarDate(year: Int(year), month: 1, day: 1)
    }
}

/// Documents for one bulk request.
struct BulkBatch {
    private(set) var ids: [String] = []
    private(set) var body: [UInt8] = []
    /// Where each begins in the body, and its document.
    private var places: [(start: Int, document: Int, end: Int)] = []

    var count: Int { ids.count }
    var bytes: Int { body.count }

    mutating func append(_ document: SearchDocument) {
        ids.append(document.id)
        places.append((body.count, body.count + document.start, body.count + document.body.count))
        body += document.body
    }

    /// The same of some of them.
    func only(_ numbers: [Int]) -> BulkBatch {
        var batch = BulkBatch()
        for number in numbers {
            let (start, document, end) = places[number]
            batch.ids.append(ids[number])
            batch.places.append(
                (batch.body.count, batch.body.count + document - start, batch.body.count + end - start))
            batch.body += body[start..<end]
        }
        return batch
    }

    /// What a document says, without the end of its line.
    func document(_ number: Int) -> String {
        String(decoding: body[places[number].document..<places[number].end - 1], as: UTF8.self)
    }
}
