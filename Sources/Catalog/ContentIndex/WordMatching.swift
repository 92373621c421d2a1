/// Which documents have every word of a text, and how well.
///
/// The documents of the rarest word are the candidates; of each the other words are looked up in its own terms, so that
/// a stop word beside a rare one costs next to nothing.
struct WordMatching {
    private let title: FieldIndex
    private let overview: FieldIndex
    private let bounds: ScoreBounds
    private var words: [Word] = []

    /// What one word of the text asks of a document.
    private struct Word {
        var inTitle: Int?
        var inOverview: Int?
        /// Terms of titles that begin with it.
        var longer = 0..<0
        /// Terms of titles that are close to it, ascending.
        var close: [Int32] = []
        /// Of how many documents at most it is true.
        var frequency = 0
    }

    init(_ texts: [[UInt8]], as form: FilmQuery.Words, _ fields: [FieldIndex], _ bounds: ScoreBounds) {
        (title, overview) = (fields[ContentField.title.rawValue], fields[ContentField.overview.rawValue])
        self.bounds = bounds
        for (number, text) in texts.enumerated() {
            var word = Word(inTitle: title.terms.number(of: text), inOverview: overview.terms.number(of: text))
            if form == .typing {
                if number == texts.count - 1 { word.longer = title.terms.range(withPrefix: text) }
                let characters = CloseWords.characters(of: text)
                let slips = SearchWords.slips(inWordOf: characters.count)
                if slips > 0 {
                    word.close = CloseWords.terms(of: title.terms, near: characters, slips: slips).map { Int32($0) }
                }
            }
            func frequency(_ field: FieldIndex, _ term: Int) -> Int { Int(field.statistics[term].documentFrequency) }
            word.frequency =
                (word.inTitle.map { frequency(title, $0) } ?? 0)
                + (word.inOverview.map { frequency(overview, $0) } ?? 0)
                + word.longer.reduce(0) { $0 + frequency(title, $1) }
                + word.close.reduce(0) { $0 + frequency(title, Int($1)) }
            words.append(word)
        }
    }

    /// The documents that have all of the words, ascending. O(documents of the rarest word · words · log terms of one).
    func documents(where isAllowed: (Int32) -> Bool) -> [(document: Int32, score: Float)] {
        guard let rarest = words.min(by: { $0.frequency < $1.frequency }) else { return [] }
        var found: [(document: Int32, score: Float)] = []
        for document in candidates(of: rarest) where isAllowed(document) {
            var sum = 0.0
            let hasAll = words.allSatisfy { word in
                guard let score = score(of: word, in: document) else { return false }
                sum += score
                return true
            }
            if hasAll { found.append((document, Float(sum))) }
        }
        return found
    }

    /// Each document once, ascending.
    private func candidates(of word: Word) -> [Int32] {
        var bits = [UInt64](repeating: 0, count: (title.documentCount + 63) / 64)
        func add(_ term: Int, _ field: ContentField, _ index: FieldIndex) {
            for document in bounds.documents(with: term, ofField: field.rawValue, index) {
                bits[Int(document) / 64] |= 1 << UInt64(document % 64)
            }
        }
        if let term = word.inTitle { add(term, .title, title) }
        if let term = word.inOverview { add(term, .overview, overview) }
        for term in word.longer { add(term, .title, title) }
        for term in word.close { add(Int(term), .title, title) }
        var documents: [Int32] = []
        for (number, word) in bits.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                documents.append(Int32(number * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return documents
    }

    /// Nil if the document has the word in no way.
    private func score(of word: Word, in document: Int32) -> Double? {
        let document = Int(document)
        var sum: Double?
        if let term = word.inTitle, let position = title.position(of: Int32(term), in: document) {
            sum = Double(SearchWords.titleWeight * title.score(at: position, of: document))
        }
        if let term = word.inOverview, let position = overview.position(of: Int32(term), in: document) {
            sum = (sum ?? 0) + Double(overview.score(at: position, of: document))
        }
        guard !word.longer.isEmpty || !word.close.isEmpty else { return sum }
        var (isLonger, isClose) = (false, false)
        for position in title.vector(of: document) {
            let term = title.term(at: position)
            isLonger = isLonger || word.longer.contains(Int(term))
            isClose = isClose || Self.contains(word.close, term)
        }
        if isLonger { sum = (sum ?? 0) + Double(SearchWords.prefixScore) }
        if isClose { sum = (sum ?? 0) + Double(SearchWords.closeScore) }
        return sum
    }

    private static func contains(_ terms: [Int32], _ term: Int32) -> Bool {
        var (low, high) = (0, terms.count)
        while low < high {
            let middle = (low + high) / 2
            if terms[middle] < term { low = middle + 1 } else { high = middle }
        }
        return low < terms.count && terms[low] == term
    }
}

extension TermTable {
    /// The terms that begin so, of a table in the order of bytes. O(log terms).
    func range(withPrefix prefix: [UInt8]) -> Range<Int> {
        func first(where isPast: (ArraySlice<UInt8>) -> Bool) -> Int {
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                if isPast(self[middle]) { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let start = first { !$0.lexicographicallyPrecedes(prefix) }
        let end = first { !$0.lexicographicallyPrecedes(prefix) && !$0.starts(with: prefix) }
        return start..<end
    }
}
