import CKernels

@testable import Linalg

/// What the codes of items mean, in plain Swift and in doubles: the twin of `codes.inc` and `coded_topk.inc`.
struct PlainCodes {
    /// By item.
    private(set) var scales: [Double]
    private(set) var losses: [Double]
    /// s (c − 7.5) for each factor.
    private(set) var values: [[Double]]
    private(set) var reaches: [Double]

    init(_ codes: ItemCodes, items: Int, rank: Int) {
        (scales, losses) = ([Double](repeating: 0, count: items), [Double](repeating: 0, count: items))
        (values, reaches) = ([[Double]](repeating: [], count: items), [Double](repeating: 0, count: items))
        let table = codes.table
        for place in 0..<items {
            let item = Int(table.items[place])
            scales[item] = Double(Self.float(table.scales[place]))
            losses[item] = Double(Self.float(table.losses[place]))
            reaches[item] = Double(table.reach[place / 32])
            values[item] = (0..<rank).map { factor in
                let byte = table.codes[
                    place / 32 * table.octets * 128 + factor / 8 * 128 + place % 32 * 4 + factor % 4]
                return scales[item] * (Double(factor % 8 < 4 ? byte & 15 : byte >> 4) - 7.5)
            }
        }
    }

    private static func float(_ bfloat: UInt16) -> Float { Float(bitPattern: UInt32(bfloat) << 16) }

    /// The bound on each item's score: s t ⟨p, q⟩ + U r + c N.
    func upperBounds(of query: [Float]) -> [Double] {
        let t = query.map { abs($0) }.max()! / 127
        let coded = query.map { Double(t) * Double(max(-127, min(127, ($0 / t).rounded(.toNearestOrEven)))) }
        let length = Self.length(query.map { Double($0) })
        let lost = Self.length(zip(query, coded).map { Double($0) - $1 })
        let slack = lost + Double(query.count + 32) * 0x1p-23 * length
        return values.indices.map { item in
            zip(values[item], coded).reduce(0) { $0 + $1.0 * $1.1 } + length * losses[item] + slack * reaches[item]
        }
    }

    static func length(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
