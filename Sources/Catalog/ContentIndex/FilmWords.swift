internal import Linalg

/// The words of all films, film after film and field after field: what a query asks of a film lies together in memory.
///
/// Numbers of terms count on from field to field.
struct FilmWords: Sendable {
    let fieldCount: Int
    /// Those of field `f` of document `d` are `starts[d * fieldCount + f]` to before the next start, rising.
    let starts: [Int32]
    /// The number of a term, and in the lowest bits how often the film has it, ``often`` at most.
    let entries: [UInt32]
    /// From here on frequencies stand by themselves.
    private static let often: Int32 = 1 << MarkedNumbers.below - 1
    /// By position, frequencies from ``often`` on.
    private let large: [Int: Int32]
    /// By field, the number of its first term; the last is the number of all.
    let firstTerms: [Int32]
    /// BM25's, by document and field as the starts.
    let inverseNorms: [Float]

    /// One field's words.
    struct Vectors {
        var terms: TermTable
        /// The words of document `d` are `starts[d]..<starts[d + 1]`, ascending.
        var starts: [Int32]
        var numbers: [Int32]
        var frequencies: [Int32]
    }

    /// O(words).
    /// - Precondition: fewer than 2²⁷ different words, of which there is more text than a machine indexes.
    init(_ fields: [Vectors], _ similarities: [BM25]) {
        fieldCount = fields.count
        firstTerms = fields.reduce(into: [0]) { $0.append($0.last! + Int32($1.terms.count)) }
        precondition(
            firstTerms.last! < 1 << (32 - MarkedNumbers.below), "more different words than the index can number")
        let documentCount = (fields.first?.starts.count ?? 1) - 1
        var starts: [Int32] = [0]
        var entries: [UInt32] = []
        var large: [Int: Int32] = [:]
        var inverseNorms: [Float] = []
        entries.reserveCapacity(fields.reduce(0) { $0 + $1.numbers.count })
        for document in 0..<documentCount {
            for ((field, first), similarity) in zip(zip(fields, firstTerms), similarities) {
                let vector = Int(field.starts[document])..<Int(field.starts[document + 1])
                for position in vector {
                    let frequency = field.frequencies[position]
                    if frequency >= Self.often { large[entries.count] = frequency }
                    entries.append(
                        UInt32(first + field.numbers[position]) << MarkedNumbers.below
                            | UInt32(min(frequency, Self.often)))
                }
                starts.append(Int32(entries.count))
                inverseNorms.append(similarity.inverseNorm(of: field.frequencies[vector]))
            }
        }
        (self.starts, self.entries, self.large, self.inverseNorms) = (starts, entries, large, inverseNorms)
    }

    var documentCount: Int { (starts.count - 1) / max(1, fieldCount) }

    /// Where the words of a field of a document stand.
    @inline(__always)
    func vector(of document: Int, field: Int) -> Range<Int> {
        let place = document * fieldCount + field
        return Int(starts[place])..<Int(starts[place + 1])
    }

    /// The number of an entry's term.
    @inline(__always)
    static func number(of entry: UInt32) -> Int { Int(entry >> MarkedNumbers.below) }

    /// How often the film has the word of the entry at a position.
    @inline(__always)
    func frequency(of entry: UInt32, at position: Int) -> Int32 {
        let frequency = Int32(entry & UInt32(Self.often))
        return frequency < Self.often ? frequency : large[position]!
    }
}
