import Foundation

/// Lucene's BM25 with Elasticsearch's factor: k1 = 1.2, b = 0.75, all in float32.
///
///     weight = 2.2 · ln(1 + (N − n + 0.5) / (n + 0.5))            N films have the field, n of them the term
///     score  = weight − weight / (1 + tf · norm)                  norm = 1 / (k1 · ((1 − b) + b · length / average))
///
/// `length` is Lucene's one-byte length; the average is exact. 2.2 is k1 + 1, which Lucene dropped in version 8 and
/// Elasticsearch 7, 8, 9 and OpenSearch 2 kept.
struct BM25: Sendable {
    private let documentsWithField: Int
    private let averageLength: Float
    let isKeyword: Bool

    init(vectorStarts: [Int32], frequencies: [Int32], isKeyword: Bool) {
        self.isKeyword = isKeyword
        documentsWithField = zip(vectorStarts, vectorStarts.dropFirst()).count { $0 < $1 }
        // A keyword stands once in a film, however often it is written there.
        let total = isKeyword ? frequencies.count : frequencies.reduce(0) { $0 + Int($1) }
        averageLength = documentsWithField == 0 ? 1 : Float(Double(total) / Double(documentsWithField))
    }

    func weight(documentFrequency n: Int) -> Float {
        2.2 * Float(log(1 + (Double(documentsWithField - n) + 0.5) / (Double(n) + 0.5)))
    }

    func inverseNorm(of frequencies: ArraySlice<Int32>) -> Float {
        // Keywords store no length; Lucene then takes 1.
        let length = isKeyword ? 1 : LossyLength.rounded(frequencies.reduce(0) { $0 + Int($1) })
        let (k1, b) = (1.2 as Float, 0.75 as Float)
        return 1 / (k1 * ((1 - b) + b * Float(length) / averageLength))
    }

    /// What one term adds to a film's score. The frequency of a keyword counts as 1.
    func score(weight: Float, frequency: Int32, inverseNorm: Float) -> Float {
        Self.score(weight: weight, frequency: isKeyword ? 1 : Float(frequency), inverseNorm: inverseNorm)
    }

    /// The same for a frequency as it counts.
    @inline(__always)
    static func score(weight: Float, frequency: Float, inverseNorm: Float) -> Float {
        weight - weight / (1 + frequency * inverseNorm)
    }
}

/// Lucene's one-byte field lengths (`SmallFloat.intToByte4`): exact below 40, then three bits after the leading one.
enum LossyLength {
    /// Lengths below this are stored as they are; it is 255 less the code of the largest Int32.
    private static let exact = 24

    /// The length that comes back after it was put into one byte: never more than `length`.
    static func rounded(_ length: Int) -> Int {
        guard length >= exact else { return length }
        let rest = length - exact
        let bits = Int.bitWidth - rest.leadingZeroBitCount
        let shift = max(0, bits - 4)
        return exact + (rest >> shift) << shift
    }
}
