import Domain
import Linalg
import TestSupport
import Testing

/// Factors in 16 bits each, and the passes of conjugate gradients that read them, at every instruction set this machine has.
@Suite struct PairedRowsTests {
    /// Each factor becomes the nearest that its place can hold, zeros stay zeros, and every level makes the same words.
    @Test func everyFactorIsTheNearestThereIs() throws {
        var random = SeededGenerator(seed: 3)
        var y = randomFloats(64 * 16, &random)
        // Sizes from the smallest numbers to the largest, and the padding of a rank of 12.
        for i in 0..<512 { y[i] *= Float(sign: .plus, exponent: i / 2 - 129, significand: 1) }
        for row in 40..<48 { for i in 12..<16 { y[row * 16 + i] = 0 } }
        y[50 * 16] = 0
        let expected = PlainKernels.pairs(y)
        for kernels in Kernels.available {
            var words = [UInt32](repeating: .max, count: y.count / 2)
            kernels.packPairs(y, count: y.count, into: &words)
            #expect(words == expected, "\(kernels.name)")
        }
        let read = PlainKernels.factors(expected)
        for i in y.indices where abs(y[i]) > 1e-30 { #expect(abs(read[i] - y[i]) <= abs(y[i]) / 256) }
        for row in 40..<48 { for i in 12..<16 { #expect(read[row * 16 + i] == 0) } }
        #expect(abs(read[50 * 16]) < 1e-38)
    }

    @Test(arguments: KernelTests.cases)
    func passesOverPairsAgreeWithPlainSwift(level: Int, rank: Int) throws {
        let kernels = try #require(Kernels(level: level))
        var random = SeededGenerator(seed: UInt64(rank) + 9)
        for count in [0, 1, 2, 3, 4, 17, 65] {
            for base: Float in [0, 0.7] {
                let sample = KernelTests.Sample(rank: rank, count: count, base: base, random: &random)
                var words = [UInt32](repeating: 0, count: sample.factors.count / 2)
                kernels.packPairs(sample.factors, count: sample.factors.count, into: &words)
                let read = PlainKernels.factors(words)
                let plain = PlainKernels(
                    Y: (0..<KernelTests.Sample.others).map { doubles(Array(read[$0 * rank..<($0 + 1) * rank])) },
                    columns: sample.columns.map { Int($0) }, c: doubles(sample.confidences), base: Double(base),
                    ridge: 0.3)

                let expected = plain.residual(x: doubles(sample.x), r: doubles(sample.r))
                var r = sample.r
                let bx = sample.withRow(pairs: words) { kernels.residual($0, sample.x, &r) }
                #expect(isClose(bx, expected.bx, tolerance: 1e-5), "count \(count)")
                expectClose(r, expected.r, "residual, count \(count), base \(base)")

                var q = sample.r
                sample.withRow(pairs: words) { kernels.apply($0, sample.x, &q) }
                expectClose(q, plain.apply(p: doubles(sample.x), q: doubles(sample.r)), "apply, count \(count)")

                let energy = sample.withRow(pairs: words) { kernels.energy($0, sample.x) }
                #expect(isClose(energy, plain.energy(p: doubles(sample.x)), tolerance: 1e-5), "count \(count)")
            }
        }
    }

    /// More rows than a unit of work, at any number of workers.
    @Test func matricesArePackedByManyWorkers() throws {
        var random = SeededGenerator(seed: 4)
        let y = try Matrix(rows: 5000, columns: 16, elements: randomFloats(5000 * 16, &random))
        let expected = PlainKernels.pairs(y.elements)
        for workers in [1, 3] {
            let rows = PairedRows(rows: 5000, columns: 16)
            rows.take(y, kernels: .best, workers: Workers(count: workers))
            #expect(Array(UnsafeBufferPointer(start: rows.words, count: 5000 * 8)) == expected)
        }
    }
}
