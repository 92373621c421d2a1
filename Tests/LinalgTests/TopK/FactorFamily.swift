import Domain
import Linalg

/// Kinds of item factors, kind and hostile to the bounds of coded items.
enum FactorFamily: String, CaseIterable, Sendable {
    case random, fewValues, clustered, allEqual, allZero, oneDominant, someZero, nonNegative, lastBits, wideRange
    case lengthOne, denormal, nearlyDenormal, large, huge

    func factors(items: Int, rank: Int, _ random: inout SeededGenerator) throws -> Matrix {
        let centres = (0..<3).map { _ in (0..<rank).map { _ in normal(&random) } }
        var elements: [Float] = []
        for item in 0..<items {
            var row = (0..<rank).map { _ in normal(&random) }
            switch self {
            case .random: break
            case .fewValues: row = row.map { max(-1, min(1, $0.rounded())) }
            case .clustered: row = zip(row, centres[item % 3]).map { $1 + 1e-3 * $0 }
            case .allEqual: row = centres[0]
            case .allZero: row = row.map { _ in 0 }
            case .oneDominant: if item == items / 2 { row = row.map { $0 * 1e15 } }
            case .someZero: if item % 3 == 0 { row = row.map { _ in 0 } }
            case .nonNegative: row = row.map { max(0, $0) }
            case .lastBits: row = zip(row, centres[0]).map { $0 > 0 ? $1 : $1.nextUp }
            case .wideRange:
                let scale = Float(sign: .plus, exponent: random.below(100) - 60, significand: 1)
                row = row.map { $0 * scale }
            case .lengthOne:
                let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
                row = row.map { $0 / length }
            case .denormal: row = row.map { $0 * Float(1e-41 as Double) }
            case .nearlyDenormal: row = row.map { $0 * 1e-37 }
            case .large: row = row.map { $0 * 1e15 }
            case .huge: row = row.map { $0 * 1e37 }
            }
            elements += row
        }
        return try Matrix(rows: items, columns: rank, elements: elements)
    }

    /// Queries of many kinds, among them such as have no bounds, or no ranking at all.
    static func queries(_ count: Int, items: Matrix, _ random: inout SeededGenerator) throws -> Matrix {
        let rank = items.columns
        return try Matrix(
            rows: count, columns: rank,
            elements: (0..<count).flatMap { query in
                let row = (0..<rank).map { _ in normal(&random) }
                switch query % 12 {
                case 0, 1, 2: return row
                case 3, 4: return items.row(random.below(items.rows))
                case 5: return zip(row, items.row(0)).map { $0 + 10 * $1 }
                case 6: return row.map { max(-1, min(1, $0.rounded())) }
                case 7: return row.map { _ in 0 }
                case 8: return [row.map { $0 * Float(1e-42 as Double) }, row.map { $0 * 1e-17 }][query / 12 % 2]
                case 9: return [row.map { $0 * 1e17 }, row.map { $0 * 1e30 }][query / 12 % 2]
                case 10: return row.indices.map { $0 == 0 ? 1 : 1e-6 * row[$0] }
                default:
                    var row = row
                    row[random.below(rank)] = [.nan, .infinity, -.infinity, 3e38][query / 12 % 4]
                    return row
                }
            })
    }
}

/// A draw from the standard normal distribution, near enough.
private func normal(_ random: inout SeededGenerator) -> Float {
    Float((0..<12).reduce(-6) { sum, _ in sum + random.uniform() })
}
