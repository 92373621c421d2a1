internal import Columnar
public import Domain
internal import Foundation
internal import Linalg

/// Every user's best items as Parquet: what `marquee recommend-all` writes, for jobs that push lists elsewhere.
///
/// One row for each place of each list, users in the order of the model, best first:
///
///     user_id string, rank int (from 1), item_id string, score float
///
/// The rows join and filter in SQL as they are. The score is ⟨p_u, q_i⟩, or the predicted stars of an explicit model; equal
/// scores stand by item index. A user without a liking has no taste to go by and is left out.
public struct RecommendAll: Sendable {
    /// What was written: users with a list, and the rows of all lists.
    public struct Summary: Sendable {
        public var users = 0
        public var rows = 0
        /// Users of the model without a list.
        public var leftOut = 0
    }

    /// Length of a list.
    public var count: Int
    /// Whether items of the user's history stand in the list, too.
    public var includesSeen: Bool
    /// Workers; nil takes every core. The rows do not depend on it.
    public var threads: Int?
    /// Who gets no list: those who object to lists of their own, and who are being erased.
    public var choices: any PersonalChoices = NoObjections()

    static let schema = Schema([
        Field("user_id", .string, nullable: false), Field("rank", .int32, nullable: false),
        Field("item_id", .string, nullable: false), Field("score", .float, nullable: false),
    ])

    public init(count: Int, includesSeen: Bool = false, threads: Int? = nil) {
        self.count = count
        self.includesSeen = includesSeen
        self.threads = threads
    }

    /// Writes the lists to `path`: one file if it ends in `.parquet`, which is replaced whole, else a new folder with a
    /// file for every 16 million rows. Either has its name only once it is complete.
    ///
    /// Blocks and keeps every core busy. Memory is bounded, beside the model's item factors, by some thousand lists.
    /// O(users × items × rank).
    /// - Parameter onProgress: called with the users done and their total; what it throws stops the work, and nothing is
    ///   left behind.
    /// - Throws: ``TrainerError/cannotWrite(path:reason:)``, ``TrainerError/invalidSetting(name:value:allowed:)``,
    ///   ``ColumnarError``, and what `onProgress` throws.
    @discardableResult
    public func write(
        _ model: MappedModel, to path: String, onProgress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws -> Summary {
        guard (1...100_000).contains(count) else {
            throw TrainerError.invalidSetting(name: "the length of a list", value: "\(count)", allowed: "1 to 100000")
        }
        let output = try ListOutput(path: path, modelID: model.id.rawValue)
        do {
            let summary = try lists(of: model, into: output, onProgress)
            try output.finish()
            return summary
        } catch {
            output.abandon()
            throw error
        }
    }

    private func lists(
        of model: MappedModel, into output: ListOutput, _ onProgress: (Int, Int) throws -> Void
    ) throws -> Summary {
        let workers = Workers(count: threads)
        var summary = Summary()
        let chunk = chunk(itemCount: model.itemCount)
        for start in stride(from: 0, to: model.userCount, by: chunk) {
            let all = (start..<min(start + chunk, model.userCount)).map { UserIndex($0) }
            let users = all.filter { user in
                model.hasTaste(user)
                    && (choices.revision == 0 || choices.choice(of: model.userID(user)).allows(.personal))
            }
            summary.leftOut += all.count - users.count
            var queries = try Matrix(rows: users.count, columns: model.rank)
            queries.withUnsafeMutableElements { target in
                for (row, user) in users.enumerated() {
                    model.userFactors.withRow(user.position) { source in
                        for t in source.indices { target[row * model.rank + t] = source[t] }
                    }
                }
            }
            let seen: [ItemBitmap?] =
                includesSeen
                ? [] : users.map { ItemBitmap(itemCount: model.itemCount, items: model.history(of: $0).items) }
            let lists = model.packedItems.topK(queries: queries, count: count, excluding: seen, workers: workers)
            let rows = lists.reduce(0) { $0 + $1.count }
            // The rows are made and written while the next lists are computed.
            try output.write(rows: rows) { try batch(of: lists, users, model, rows: rows) }
            summary.users += users.count
            summary.rows += rows
            try onProgress(start + all.count, model.userCount)
        }
        return summary
    }

    /// Users at a time: at most 32 MiB of bitmaps and a million rows.
    private func chunk(itemCount: Int) -> Int {
        max(64, min(4096, (32 << 23) / max(itemCount, 1), (1 << 20) / count))
    }

    private func batch(
        of lists: [[(item: ItemIndex, score: Float)]], _ users: [UserIndex], _ model: MappedModel, rows: Int
    ) throws -> RecordBatch {
        var userIDs = BytesColumn()
        var itemIDs = BytesColumn()
        userIDs.reserveCapacity(rows: rows, bytes: rows * 8)
        itemIDs.reserveCapacity(rows: rows, bytes: rows * 8)
        var ranks: [Int32] = []
        var scores: [Float] = []
        ranks.reserveCapacity(rows)
        scores.reserveCapacity(rows)
        for (user, list) in zip(users, lists) {
            let id = model.userUTF8(user)
            for (place, entry) in list.enumerated() {
                userIDs.append(utf8: id)
                ranks.append(Int32(place + 1))
                itemIDs.append(utf8: model.itemUTF8(entry.item))
                scores.append(model.stars(user, product: entry.score) ?? entry.score)
            }
        }
        return try RecordBatch(
            schema: Self.schema,
            columns: [
                .string(userIDs), .int32(PrimitiveColumn(ranks)), .string(itemIDs), .float(PrimitiveColumn(scores)),
            ])
    }
}

extension MappedModel {
    /// Whether anything says what the user likes, as serving has it. Solvers leave a little of their random start in the
    /// rows of others. An explicit row always says something.
    fileprivate func hasTaste(_ user: UserIndex) -> Bool {
        guard manifest.explicit == nil else { return true }
        return withHistory(of: user) { _, confidences in
            for i in confidences.indices where confidences[i] > 0 { return true }
            return false
        }
    }
}
