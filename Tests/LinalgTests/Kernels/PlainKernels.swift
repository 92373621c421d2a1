/// The kernels of `CKernels.h` written as their equations say, in 64-bit floats: the oracle of the fast ones.
struct PlainKernels {
    /// Factors of the other side, row after row.
    let Y: [[Double]]
    let columns: [Int]
    let c: [Double]
    let base: Double
    let ridge: Double

    private func weight(_ j: Int) -> Double { abs(c[j]) - base }
    private func positive(_ j: Int) -> Double { max(c[j], 0) }
    private func y(_ j: Int) -> [Double] { Y[columns[j]] }

    /// r − λ x + Σ_j (c⁺_j − w_j ⟨y_j, x⟩) y_j, and Σ_j c⁺_j ⟨y_j, x⟩.
    func residual(x: [Double], r: [Double]) -> (r: [Double], bx: Double) {
        var r = zip(r, x).map { $0 - ridge * $1 }
        var bx = 0.0
        for j in columns.indices {
            let d = dot(y(j), x)
            bx += positive(j) * d
            for i in r.indices { r[i] += (positive(j) - weight(j) * d) * y(j)[i] }
        }
        return (r, bx)
    }

    /// q + λ p + Σ_j w_j ⟨y_j, p⟩ y_j.
    func apply(p: [Double], q: [Double]) -> [Double] {
        var q = zip(q, p).map { $0 + ridge * $1 }
        for j in columns.indices {
            let d = dot(y(j), p)
            for i in q.indices { q[i] += weight(j) * d * y(j)[i] }
        }
        return q
    }

    /// Σ_j w_j ⟨y_j, p⟩².
    func energy(p: [Double]) -> Double {
        columns.indices.reduce(0) { $0 + weight($1) * dot(y($1), p) * dot(y($1), p) }
    }

    /// A + Σ_j w_j y_j y_jᵀ and b + Σ_j c⁺_j y_j.
    func accumulate(A: [[Double]], b: [Double]) -> (A: [[Double]], b: [Double]) {
        var (A, b) = (A, b)
        for j in columns.indices {
            for i in b.indices {
                b[i] += positive(j) * y(j)[i]
                for l in b.indices { A[i][l] += weight(j) * y(j)[i] * y(j)[l] }
            }
        }
        return (A, b)
    }

    /// Σ_j |c_j| (t_j − ⟨y_j, x⟩)² − base ⟨y_j, x⟩².
    func rowLoss(x: [Double]) -> Double {
        columns.indices.reduce(0) { sum, j in
            let d = dot(y(j), x)
            let target: Double = c[j] > 0 ? 1 : 0
            return sum + abs(c[j]) * (target - d) * (target - d) - base * d * d
        }
    }

    /// Factors in 16 bits each: of 16 factors the first eight above the last eight, in eight words. What stands below is the
    /// nearest upper half of a float; with it, what stands above makes the word that is nearest to its factor.
    static func pairs(_ y: [Float]) -> [UInt32] {
        stride(from: 0, to: y.count, by: 16).flatMap { first in
            (0..<8).map { i in
                let low = nearest(to: y[first + 8 + i].bitPattern, even: true) { $0 << 16 }
                let high = nearest(to: y[first + i].bitPattern, even: false) { ($0 << 16) | (low & 0xffff) }
                return (high << 16) | low
            }
        }
    }

    /// The 16 bits whose word, made by `word`, comes nearest to a float's; of two the even ones, or the larger.
    private static func nearest(to float: UInt32, even: Bool, word: (UInt32) -> UInt32) -> UInt32 {
        let sign: UInt32 = float & 0x8000_0000 == 0 ? 0 : 0x8000
        let size = Int(float & 0x7fff_ffff)
        let first = size >> 16
        let candidates = (max(0, first - 1)...first + 1).map { UInt32($0) }
        let best = candidates.min {
            let (a, b) = (abs(Int(word($0)) - size), abs(Int(word($1)) - size))
            return a == b ? (even ? $0 % 2 < $1 % 2 : $0 > $1) : a < b
        }
        return best! | sign
    }

    /// What words of pairs are read as.
    static func factors(_ words: [UInt32]) -> [Float] {
        stride(from: 0, to: words.count, by: 8).flatMap { first in
            let eight = words[first..<first + 8]
            return eight.map { Float(bitPattern: $0) } + eight.map { Float(bitPattern: $0 << 16) }
        }
    }

    /// α P G.
    static func product(P: [[Double]], G: [[Double]], alpha: Double) -> [[Double]] {
        P.map { row in G.indices.map { j in alpha * G.indices.reduce(0) { $0 + row[$1] * G[$1][j] } } }
    }

    /// One step of conjugate gradients; returns the new ρ and the decrease of xᵀA x − 2 bᵀx.
    static func step(x: inout [Double], r: inout [Double], p: [Double], q: [Double], rho: Double) -> Double {
        let pq = dot(p, q)
        guard pq > 0 else { return 0 }
        let alpha = rho / pq
        for i in x.indices {
            x[i] += alpha * p[i]
            r[i] -= alpha * q[i]
        }
        return alpha * rho
    }

    /// z + β p.
    static func turn(p: [Double], z: [Double], beta: Double) -> [Double] { zip(p, z).map { $1 + beta * $0 } }

    /// Every item's score in the order of the kernel's own additions, then a full sort: exact to the bit.
    static func topK(
        items: [[Float]], query: [Float], count: Int, excluding: Set<Int>, fused: Bool
    ) -> [(item: Int, score: Float)] {
        let scores = items.map { item in
            zip(query, item).reduce(Float(0)) { fused ? $0.addingProduct($1.0, $1.1) : $0 + $1.0 * $1.1 }
        }
        let ranked = scores.indices.filter { !excluding.contains($0) }
            .sorted { (scores[$0], $1) > (scores[$1], $0) }
        return ranked.prefix(count).map { ($0, scores[$0]) }
    }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
