internal import Linalg

extension SparkModel {
    /// The factors in the indices of a training set.
    ///
    /// - Parameters:
    ///   - isWhole: whether the model must be of exactly the set's users and items, as one that was fitted to the same
    ///     events is. If not, items it does not know have the zero vector, and users it does not know are folded in by the
    ///     equations of `parameters` from their history; what the set does not know is left out.
    ///   - leftOut: users who do not allow that models learn from them.
    /// - Throws: ``TrainerError/unusableSparkModel(path:reason:advice:)``
    func factors(
        for training: TrainingSet, _ parameters: ALSParameters, isWhole: Bool, leftOut: IdentifierPool
    ) throws -> ALSFactors {
        guard rank == parameters.rank else {
            throw TrainerError.unusableSparkModel(
                path: path, reason: "its rank is \(rank), where \(parameters.rank) was asked for",
                advice: "Fit it again with --rank \(parameters.rank).")
        }
        let objecting = (0..<leftOut.count).count { users.names.index(of: $0, in: leftOut) != nil }
        guard objecting == 0 else {
            throw TrainerError.unusableSparkModel(
                path: path, reason: "\(objecting) of its users do not allow that models learn from them",
                advice:
                    "Fit it again without them: `marquee train --engine spark` leaves them out, the job's --exclude does."
            )
        }
        var known = try users.aligned(to: training.users)
        let items = try items.aligned(to: training.items)
        if isWhole {
            try require("users", known.missing.count, of: training.userCount, self.users.rows.count)
            try require("items", items.missing.count, of: training.itemCount, self.items.rows.count)
        } else {
            for (what, missing, count) in [
                ("users", known.missing.count, training.userCount), ("items", items.missing.count, training.itemCount),
            ] where missing == count {
                throw TrainerError.unusableSparkModel(
                    path: path, reason: "none of the store's \(count) \(what) is in it",
                    advice: "Put userIds and itemIds (Parquet: id int, name string) beside the factors: docs/spark.md.")
            }
            try foldIn(&known, items.matrix, training, parameters)
        }
        return ALSFactors(userFactors: known.matrix, itemFactors: items.matrix)
    }

    private func require(_ what: String, _ missing: Int, of count: Int, _ own: Int) throws {
        guard missing > 0 || own != count else { return }
        throw TrainerError.unusableSparkModel(
            path: path,
            reason: "it has \(own) \(what), the events have \(count), and \(missing) of these are not in it",
            advice: "It was fitted to other events: fit it again on this version of the table.")
    }

    /// Gives users whom the model does not know the vector that its equations have for their history.
    private func foldIn(
        _ users: inout Side.Aligned, _ items: Matrix, _ training: TrainingSet, _ parameters: ALSParameters
    ) throws {
        guard !users.missing.isEmpty else { return }
        let solver = try FoldIn(itemFactors: items, parameters: parameters)
        for user in users.missing {
            let entries = training.interactions.entries(ofRow: user)
            let vector = try solver.vector(
                items: Array(training.interactions.columnIndices[entries]),
                confidences: Array(training.interactions.values[entries]))
            users.matrix.withUnsafeMutableElements { elements in
                for (t, value) in vector.enumerated() { elements[user * rank + t] = value }
            }
        }
    }
}

extension SparkModel.Side {
    /// Rows in another order, and the places for which there was none.
    struct Aligned {
        var matrix: Matrix
        var missing: [Int] = []
    }

    func aligned(to pool: IdentifierPool) throws -> Aligned {
        let rank = factors.columns
        var result = Aligned(matrix: try Matrix(rows: pool.count, columns: rank))
        for place in 0..<pool.count {
            guard let name = names.index(of: place, in: pool) else {
                result.missing.append(place)
                continue
            }
            let row = Int(rows[Int(name)])
            factors.withUnsafeElements { from in
                result.matrix.withUnsafeMutableElements { to in
                    for t in 0..<rank { to[place * rank + t] = from[row * rank + t] }
                }
            }
        }
        return result
    }
}
