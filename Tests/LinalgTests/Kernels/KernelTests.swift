import Domain
import Linalg
import TestSupport
import Testing

/// Each C kernel, at every instruction set this machine has, against its plain twin.
@Suite struct KernelTests {
    /// Every rank that has a build of its own, and others between and above them.
    static let ranks = [16, 32, 48, 64, 80, 96, 112, 128, 256, 272, 512]
    static let cases: [(level: Int, rank: Int)] = [0, 2, 3, 4].filter { Kernels(level: $0) != nil }
        .flatMap { level in ranks.map { (level, $0) } }

    @Test(arguments: cases)
    func rowKernelsAgreeWithPlainSwift(level: Int, rank: Int) throws {
        let kernels = try #require(Kernels(level: level))
        var random = SeededGenerator(seed: UInt64(rank))
        for count in [0, 1, 2, 3, 4, 17, 65] {
            for base: Float in [0, 0.7] {
                let sample = Sample(rank: rank, count: count, base: base, random: &random)
                let plain = sample.plain

                let expected = plain.residual(x: doubles(sample.x), r: doubles(sample.r))
                var r = sample.r
                let bx = sample.withRow { kernels.residual($0, sample.x, &r) }
                #expect(isClose(bx, expected.bx, tolerance: 1e-5), "count \(count)")
                expectClose(r, expected.r, "residual, count \(count), base \(base)")

                var q = sample.r
                sample.withRow { kernels.apply($0, sample.x, &q) }
                expectClose(q, plain.apply(p: doubles(sample.x), q: doubles(sample.r)), "apply, count \(count)")

                let energy = sample.withRow { kernels.energy($0, sample.x) }
                #expect(isClose(energy, plain.energy(p: doubles(sample.x)), tolerance: 1e-5), "count \(count)")

                let loss = sample.withRow { kernels.rowLoss($0, sample.x) }
                #expect(isClose(loss, plain.rowLoss(x: doubles(sample.x)), tolerance: 1e-5), "count \(count)")

                guard rank <= 144, count % 16 == 1 || count == 0 else { continue }
                var (A, b) = ([Float](repeating: 0.5, count: rank * rank), [Float](repeating: 0.25, count: rank))
                var panel = [Float](repeating: 0, count: Kernels.panelRows * rank)
                sample.withRow { kernels.accumulate($0, panel: &panel, into: &A, &b) }
                var scores = [Float](repeating: 0.5, count: max(count, 1))
                sample.withRow { kernels.predict($0, sample.x, &scores) }
                for j in 0..<count {
                    let exact = 0.5 + dot(plain.Y[plain.columns[j]], doubles(sample.x))
                    #expect(isClose(Double(scores[j]), exact, tolerance: 1e-5))
                }
                let system = plain.accumulate(
                    A: [[Double]](repeating: [Double](repeating: 0.5, count: rank), count: rank),
                    b: [Double](repeating: 0.25, count: rank))
                expectClose(b, system.b, "b, count \(count)")
                for i in 0..<rank {
                    expectClose(
                        Array(A[i * rank...i * rank + i]), Array(system.A[i][0...i]), "row \(i) of A, count \(count)")
                }
            }
        }
    }

    @Test(arguments: cases)
    func theProductAndTheStepAgreeWithPlainSwift(level: Int, rank: Int) throws {
        let kernels = try #require(Kernels(level: level))
        var random = SeededGenerator(seed: UInt64(rank) + 1)
        let half = randomFloats(rank * rank, &random)
        // A positive definite matrix: half halfᵀ / rank + 1.
        let square = try Matrix(rows: rank, columns: rank, elements: half)
        var G = try square.timesTransposed(square)
        for i in 0..<rank { G[i, i] += Float(rank) }
        for m in [1, 5, 6, 7, 13] {
            let P = randomFloats(m * rank, &random)
            var C = [Float](repeating: .nan, count: m * rank)
            kernels.product(P, G.elements, alpha: -2, into: &C, rows: m, rank: rank)
            let expected = PlainKernels.product(
                P: (0..<m).map { doubles(Array(P[$0 * rank..<($0 + 1) * rank])) },
                G: (0..<rank).map { doubles(G.row($0)) }, alpha: -2)
            expectClose(C, expected.flatMap { $0 }, "m \(m)")
        }

        var x = randomFloats(rank, &random)
        var r = randomFloats(rank, &random)
        var p = randomFloats(rank, &random)
        let z = randomFloats(rank, &random)
        let q = try G.times(p)
        let rho: Float = 1.5
        var (px, pr) = (doubles(x), doubles(r))
        let expected = PlainKernels.step(x: &px, r: &pr, p: doubles(p), q: doubles(q), rho: Double(rho))
        let descent = kernels.conjugateGradientStep(x: &x, r: &r, p: p, q: q, rho: rho, rank: rank)
        #expect(isClose(descent, expected, tolerance: 1e-4))
        expectClose(x, px, "x")
        expectClose(r, pr, "r")
        let turned = PlainKernels.turn(p: doubles(p), z: doubles(z), beta: 0.75)
        kernels.conjugateGradientTurn(p: &p, z: z, beta: 0.75, rank: rank)
        expectClose(p, turned, "p")

        // Divisors from 1 + 3 · 1 down to the least.
        let mu = (0..<rank).map { 1 - 2 * Float($0) / Float(rank) }
        var t = z
        kernels.divide(&t, by: mu, excess: 3, least: 0.25, rank: rank)
        expectClose(t, zip(z, mu).map { Double($0) / max(1 + 3 * Double($1), 0.25) }, "t")

        let weighted = kernels.weightedSquare(t, by: mu, rank: rank)
        #expect(
            isClose(
                Double(weighted), zip(t, mu).reduce(0) { $0 + Double($1.1) * Double($1.0) * Double($1.0) },
                tolerance: 1e-4))

        var last = x
        kernels.conjugateGradientAdvance(x: &last, p: p, alpha: 0.5, rank: rank)
        expectClose(last, zip(x, p).map { Double($0) + 0.5 * Double($1) }, "the last x")

        let zero = [Float](repeating: 0, count: rank)
        #expect(kernels.conjugateGradientStep(x: &x, r: &r, p: zero, q: zero, rho: 1, rank: rank) == 0)
    }

    /// A random row of the interaction matrix with some negative confidences.
    struct Sample {
        let rank: Int
        let factors: [Float]
        let columns: [Int32]
        let confidences: [Float]
        let base: Float
        let x: [Float]
        let r: [Float]
        static let others = 40

        init(rank: Int, count: Int, base: Float, random: inout SeededGenerator) {
            self.rank = rank
            self.base = base
            factors = randomFloats(Self.others * rank, &random)
            columns = (0..<count).map { _ in Int32(random.below(Self.others)) }
            confidences = (0..<count).map { _ in Float(random.uniform() * 3 - 0.5) }
            x = randomFloats(rank, &random)
            r = randomFloats(rank, &random)
        }

        var plain: PlainKernels {
            PlainKernels(
                Y: (0..<Self.others).map { doubles(Array(factors[$0 * rank..<($0 + 1) * rank])) },
                columns: columns.map { Int($0) }, c: doubles(confidences), base: Double(base), ridge: 0.3)
        }

        func withRow<R>(pairs: [UInt32]? = nil, _ body: (KernelRow) -> R) -> R {
            guard let pairs else { return withRow(words: nil, body) }
            return pairs.withUnsafeBufferPointer { withRow(words: $0.baseAddress, body) }
        }

        private func withRow<R>(words: UnsafePointer<UInt32>?, _ body: (KernelRow) -> R) -> R {
            factors.withUnsafeBufferPointer { factors in
                columns.withUnsafeBufferPointer { columns in
                    confidences.withUnsafeBufferPointer { confidences in
                        // An empty array may have no address; the kernel then reads nothing.
                        let none = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
                        defer { none.deallocate() }
                        return body(
                            KernelRow(
                                factors: factors.baseAddress!, pairs: words,
                                columns: columns.baseAddress ?? UnsafePointer(none),
                                confidences: confidences.baseAddress ?? factors.baseAddress!, count: columns.count,
                                rank: rank, base: base, ridge: 0.3))
                    }
                }
            }
        }
    }
}

func randomFloats(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(random.uniform() * 2 - 1) }
}

func doubles(_ floats: [Float]) -> [Double] { floats.map { Double($0) } }

/// Every element within 2·10⁻⁵ of the vector's largest magnitude: float rounding of some hundred additions.
func expectClose(
    _ found: [Float], _ expected: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    let scale = max(1, expected.map { abs($0) }.max() ?? 0)
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(worst <= 2e-5 * scale, "\(what): off by \(worst) at scale \(scale)", sourceLocation: sourceLocation)
}
