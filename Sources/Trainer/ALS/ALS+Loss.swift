public import Linalg

extension ALS {
    /// The loss of ``ALSParameters`` for any factors: one pass over the interactions, summed in 64-bit floats.
    ///
    /// ``fit(interactions:parameters:warmStart:onEpoch:)`` reports it for free; this is for factors from elsewhere.
    /// Blocks the calling thread. O(entries × rank + rows × rank²).
    public static func loss(
        of factors: ALSFactors, interactions: SparseRows, parameters: ALSParameters
    ) throws -> Double {
        guard factors.userFactors.rows == interactions.rows, factors.itemFactors.rows == interactions.columns,
            factors.userFactors.columns == factors.itemFactors.columns
        else {
            throw ALSError.shape(
                what: "The factors", expected: "\(interactions.rows) users and \(interactions.columns) items",
                found: "\(factors.userFactors.rows) and \(factors.itemFactors.rows)")
        }
        let interactions = try parameters.entries(of: interactions)
        let workers = Workers(count: parameters.threads)
        let rank = Kernels.padded(factors.rank)
        let P = try factors.userFactors.withColumns(rank)
        let Q = try factors.itemFactors.withColumns(rank)
        let gramians = (try Gramian(of: P, workers: workers), try Gramian(of: Q, workers: workers))
        var loss = Double(parameters.alpha0) * gramians.0.inner(gramians.1)

        let kernels = Kernels.best
        let rowsPerUnit = 256
        let units = (interactions.rows + rowsPerUnit - 1) / rowsPerUnit
        var parts = [Double](repeating: 0, count: units)
        P.withUnsafeElements { p in
            Q.withUnsafeElements { q in
                interactions.columnIndices.withUnsafeBufferPointer { columns in
                    interactions.values.withUnsafeBufferPointer { values in
                        parts.withUnsafeMutableBufferPointer { parts in
                            guard interactions.count > 0 else { return }
                            let (p, q) = (Shared(p.baseAddress!), Shared(q.baseAddress!))
                            let (columns, values) = (Shared(columns.baseAddress!), Shared(values.baseAddress!))
                            let parts = SharedMutable(parts.baseAddress!)
                            workers.run(units: units) { _, unit in
                                var sum = 0.0
                                for u in unit * rowsPerUnit..<min((unit + 1) * rowsPerUnit, interactions.rows) {
                                    let entries = interactions.entries(ofRow: u)
                                    let row = KernelRow(
                                        factors: q.pointer, columns: columns.pointer + entries.lowerBound,
                                        confidences: values.pointer + entries.lowerBound, count: entries.count,
                                        rank: rank, base: parameters.base, ridge: 0)
                                    sum += kernels.rowLoss(row, p.pointer + u * rank)
                                }
                                parts.pointer[unit] = sum
                            }
                        }
                    }
                }
            }
        }
        loss += parts.reduce(0, +)

        var itemCounts = [Int](repeating: 0, count: interactions.columns)
        var counts = (0..<interactions.rows).map { interactions.count(ofRow: $0) }
        if parameters.weighting == .mllib {
            // Its ridge counts likings.
            for (entry, column) in interactions.columnIndices.enumerated() where interactions.values[entry] > 0 {
                itemCounts[Int(column)] += 1
            }
            counts = (0..<interactions.rows).map { row in
                interactions.values[interactions.entries(ofRow: row)].count { $0 > 0 }
            }
        } else {
            for column in interactions.columnIndices { itemCounts[Int(column)] += 1 }
        }
        loss += penalty(P, others: interactions.columns, parameters) { counts[$0] }
        loss += penalty(Q, others: interactions.rows, parameters) { itemCounts[$0] }
        return loss
    }

    /// Σ_u λ_u ‖x_u‖².
    private static func penalty(
        _ x: Matrix, others: Int, _ parameters: ALSParameters, count: (Int) -> Int
    ) -> Double {
        var sum = 0.0
        for row in 0..<x.rows {
            let squared = x.withRow(row) { row in
                var squared = 0.0
                for i in row.indices { squared += Double(row[i]) * Double(row[i]) }
                return squared
            }
            let ridge =
                parameters.weighting == .mllib
                ? Double(parameters.lambda) * Double(parameters.alpha0) * Double(count(row))
                : Double(parameters.ridge(count: count(row), others: others))
            sum += ridge * squared
        }
        return sum
    }
}
