internal import Linalg

/// The memory of one query, kept from query to query: a query allocates little but its answer.
///
/// `@unchecked Sendable`: a query takes it out of the index's pool under a lock and puts it back when done, so only one
/// thread at a time has it.
final class Scratch: @unchecked Sendable {
    private var chooser: TermChooser
    /// The liked films, each once.
    private var liked: [Int32] = []
    /// The query's terms, field after field; those of field `f` end before `ends[f]`.
    private var terms: [Int32] = []
    private var ends: [Int] = []
    private var scores: FilmScores
    /// By document, the sum of its bounds.
    private var sums: SmallSums
    private var chosen = ScoreBounds.Chosen()
    private var best = BoundedBest()

    init(_ fields: [FieldIndex], _ words: FilmWords, _ parameters: MoreLikeThis) {
        chooser = TermChooser(parameters)
        sums = SmallSums(count: words.documentCount)
        scores = FilmScores(fields, words)
    }

    /// Puts together the query for films like `liked`, and returns how many terms it has.
    ///
    /// Each film counts once: asking twice for one does not make its words heavier.
    func begin(likedBy films: [Int32], _ fields: [FieldIndex]) -> Int {
        liked.removeAll(keepingCapacity: true)
        // The sums are there, and added up later: a mark in them says that a film was met.
        for film in films { sums[Int(film)] = 0 }
        for film in films where sums[Int(film)] == 0 {
            sums[Int(film)] = 1
            liked.append(film)
        }
        terms.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        for field in fields {
            let first = terms.count
            chooser.choose(of: liked, in: field, into: &terms)
            ends.append(terms.count)
            for term in terms[first...] { scores.ask(for: term, of: field) }
        }
        return terms.count
    }

    /// The best `limit` documents with at least `required` matching terms, best first, ties by document; clears itself.
    ///
    /// First every film's bounds are added up. Then the films with the highest sums are scored, which gives a score to
    /// beat, and then those whose sums still reach it.
    /// - Parameters:
    ///   - excluded: documents that may not; an array, for nothing generic is specialised across modules.
    ///   - wanted: the documents that may be among them; nil: all.
    func takeBest(
        _ limit: Int, required: Int, without excluded: [Int32], among wanted: ItemBitmap?,
        _ bounds: ScoreBounds
    ) -> [(document: Int32, score: Float)] {
        best.begin(limit: limit)
        bounds.add(terms, ends, to: &sums, &chosen)
        if let wanted { sums.keep(wanted) }
        for document in liked { sums[Int(document)] = 0 }
        for document in excluded { sums[Int(document)] = 0 }
        var least = sums.level(reachedBy: limit)
        offer(from: least, through: .max, required)
        while least > 1 {
            // Until the list is full, where few films match, a step further down.
            let lower = best.isFull ? bounds.leastSum(reaching: best.worst()) : max(1, least - max(1, least / 4))
            guard lower < least else { break }
            offer(from: lower, through: least - 1, required)
            least = lower
        }
        scores.clear()
        return best.take()
    }

    /// Scores the documents whose sums lie in the range, and keeps the best.
    private func offer(from least: Int16, through most: Int16, _ required: Int) {
        sums.places(from: least, through: most) { scores.offer($0, required: required, to: &best) }
    }
}
