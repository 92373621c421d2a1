internal import Columnar
internal import Domain
internal import Foundation
internal import Linalg

/// A model in forms that other programs read without knowing ours.
public enum ModelExport {
    /// The kind of file. Both have every identifier and factor; only `npz` has the histories.
    public enum Form: String, CaseIterable, Sendable {
        /// One file for `numpy.load`: `user_factors`, `item_factors`, `user_ids`, `item_ids`, `history_starts`,
        /// `history_items`, `history_confidences`.
        case npz
        /// A folder with `users.parquet` and `items.parquet`, each `id string, factors list<float>`.
        case parquet
    }

    /// Writes the model to `path`, which must not exist for `parquet`. Blocks.
    public static func write(_ model: MappedModel, as form: Form, to path: String) throws {
        switch form {
        case .npz: try Files.writing { try numpy(model, to: path) }
        case .parquet: try parquet(model, to: path)
        }
    }

    private static func numpy(_ model: MappedModel, to path: String) throws {
        var archive = try NumpyArchive(path: path)
        try archive.add("user_factors", shape: [model.userCount, model.rank], .matrix(model.userFactors))
        try archive.add("item_factors", shape: [model.itemCount, model.rank], .matrix(model.itemFactors))
        try archive.add("user_ids", texts: (0..<model.userCount).map { model.userID(UserIndex($0)) })
        try archive.add("item_ids", texts: (0..<model.itemCount).map { model.itemID(ItemIndex($0)) })
        var starts: [Int64] = [0]
        var items: [Int32] = []
        var confidences: [Float] = []
        for user in 0..<model.userCount {
            let row = model.history(of: UserIndex(user))
            items += row.items.map(\.rawValue)
            confidences += row.confidences
            starts.append(Int64(items.count))
        }
        try archive.add("history_starts", shape: [starts.count], .int64(starts))
        try archive.add("history_items", shape: [items.count], .int32(items))
        try archive.add("history_confidences", shape: [confidences.count], .float32(confidences))
        try archive.finish()
    }

    private static func parquet(_ model: MappedModel, to folder: String) throws {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw TrainerError.cannotWrite(path: folder, reason: "it exists already")
        }
        let place = URL(filePath: folder)
        try Files.writing {
            let staged = try LocalStorage(place.deletingLastPathComponent().path).stage()
            try parquet(model.userFactors, to: "\(staged.path)/users.parquet") { model.userID(UserIndex($0)) }
            try parquet(model.itemFactors, to: "\(staged.path)/items.parquet") { model.itemID(ItemIndex($0)) }
            guard try staged.publish(as: place.lastPathComponent, last: "users.parquet") else {
                throw TrainerError.cannotWrite(path: folder, reason: "it exists already")
            }
        }
    }

    private static func parquet(_ factors: Matrix, to path: String, id: (Int) -> String) throws {
        let schema = Schema([
            Field("id", .string, nullable: false),
            Field("factors", .list(.float, elementNullable: false), nullable: false),
        ])
        let writer = try ParquetWriter(path: path, schema: schema)
        let chunk = 16_384
        for start in stride(from: 0, to: factors.rows, by: chunk) {
            let rows = start..<min(start + chunk, factors.rows)
            let elements = factors.withUnsafeElements {
                Array($0[rows.lowerBound * factors.columns..<rows.upperBound * factors.columns])
            }
            let offsets = (0...rows.count).map { Int32($0 * factors.columns) }
            try writer.write(
                RecordBatch(
                    schema: schema,
                    columns: [
                        .string(BytesColumn(rows.map(id))),
                        .list(ListColumn(offsets: offsets, elements: .float(PrimitiveColumn(elements)))),
                    ]))
        }
        _ = try writer.finish()
    }
}
