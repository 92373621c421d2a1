internal import Columnar
internal import Domain
internal import Foundation
internal import Linalg

/// One folder that Spark's `ALSModel.save` wrote, with the identifiers beside its factors:
///
///     metadata/part-…       a line of JSON: class, rank, …
///     userFactors/*.parquet    id int, features list<float>
///     itemFactors/*.parquet
///     userIds/*.parquet        id int, name string: what the job of deploy/spark adds; without it the numbers are the names
///     itemIds/*.parquet
struct SparkModel {
    let path: String
    /// As the metadata say; every row has as many numbers.
    let rank: Int
    let users: Side
    let items: Side

    /// The rows of one side and what they are called.
    struct Side {
        /// Each name once.
        var names = IdentifierPool()
        /// By name, its row of ``factors``.
        var rows: [Int32] = []
        var factors: Matrix
    }

    private static let className = "org.apache.spark.ml.recommendation.ALSModel"

    /// Reads the folder whole. Blocks.
    /// - Throws: ``TrainerError/unusableSparkModel(path:reason:advice:)``, naming what is wrong and where.
    init(in storage: any Storage) throws {
        path = storage.location
        rank = try Self.rank(of: storage)
        users = try Self.side("user", rank, storage)
        items = try Self.side("item", rank, storage)
    }

    private struct Metadata: Decodable {
        var `class`: String
        var rank: Int
    }

    static func rank(of storage: any Storage) throws -> Int {
        let folder = "metadata"
        guard let part = try storage.list(folder, from: "part-").first(where: { $0.name.hasPrefix("part-") }) else {
            throw TrainerError.unusableSparkModel(
                path: storage.location, reason: "it has no \(folder)/part-…, as every model that Spark saves has",
                advice: "Name the folder that `model.save(…)` wrote, or the output of the job of deploy/spark.")
        }
        let text = try storage.read("\(folder)/\(part.name)")
        let line = Array(text.prefix { $0 != UInt8(ascii: "\n") })
        guard let metadata = try? JSON.decode(Metadata.self, from: line) else {
            throw unusable(storage, folder, "its metadata have no class and rank")
        }
        guard metadata.class == className else {
            throw TrainerError.unusableSparkModel(
                path: storage.location, reason: "it is a \(metadata.class)",
                advice: "Only \(className) is read: models of ALS.")
        }
        guard (1...1024).contains(metadata.rank) else {
            throw unusable(storage, folder, "its metadata say rank \(metadata.rank), and 1 to 1024 can be served")
        }
        return metadata.rank
    }

    private static func unusable(_ storage: any Storage, _ folder: String, _ reason: String) -> TrainerError {
        .unusableSparkModel(
            path: "\(storage.location)/\(folder)", reason: reason,
            advice: "Fit and save the model again; nothing was published.")
    }

    /// The Parquet files of one of its folders, once Spark has finished it.
    private static func files(_ folder: String, _ storage: any Storage) throws -> [ParquetFile] {
        let names = try storage.list(folder, from: "").map(\.name)
        guard names.contains("_SUCCESS"), try !storage.listFolders(folder).contains("_temporary") else {
            throw TrainerError.unusableSparkModel(
                path: "\(storage.location)/\(folder)",
                reason: names.isEmpty ? "it is missing" : "Spark has not finished it: there is no _SUCCESS",
                advice: "The job is still at work or has died: wait for it, or run it again. Nothing was published.")
        }
        return try names.filter { $0.hasSuffix(".parquet") && !$0.hasPrefix("_") && !$0.hasPrefix(".") }.map {
            try ParquetFile(path: storage.localPath("\(folder)/\($0)"))
        }
    }

    private static func side(_ name: String, _ rank: Int, _ storage: any Storage) throws -> Side {
        let folder = "\(name)Factors"
        let (ids, factors) = try rows(folder, rank, storage)
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        for (a, b) in zip(order, order.dropFirst()) where ids[a] == ids[b] {
            throw unusable(storage, folder, "the id \(ids[a]) has two rows")
        }
        var side = Side(factors: factors)
        side.rows.reserveCapacity(ids.count)
        let names = try names("\(name)Ids", storage)
        guard let names else {
            for row in order {
                _ = side.names.insert("\(ids[row])")
                side.rows.append(Int32(row))
            }
            return side
        }
        var place = 0
        for (id, text) in names {
            while place < order.count, ids[order[place]] < id { place += 1 }
            guard place < order.count, ids[order[place]] == id else {
                throw unusable(storage, "\(name)Ids", "the id \(id) (\(text)) has no row in \(folder)")
            }
            guard Int(side.names.insert(text)) == side.rows.count else {
                throw unusable(storage, "\(name)Ids", "the name \(text) stands for two ids; one of them is \(id)")
            }
            side.rows.append(Int32(order[place]))
        }
        guard side.rows.count == ids.count else {
            throw unusable(storage, folder, "\(ids.count - side.rows.count) of its \(ids.count) rows have no name")
        }
        return side
    }

    /// Ids and factors in the order of the files.
    private static func rows(
        _ folder: String, _ rank: Int, _ storage: any Storage
    ) throws -> (ids: [Int32], factors: Matrix) {
        let files = try files(folder, storage)
        let count = files.reduce(0) { $0 + Int($1.rowCount) }
        guard count > 0 else { throw unusable(storage, folder, "it has no rows") }
        var ids: [Int32] = []
        ids.reserveCapacity(count)
        var factors = try Matrix(rows: count, columns: rank)
        for file in files {
            for group in 0..<file.rowGroupCount {
                let batch = try file.read(columns: ["id", "features"], rowGroup: group)
                guard let keys = try batch.column(named: "id").int32s,
                    let lists = try batch.column(named: "features").lists, let numbers = lists.elements.floats
                else { throw unusable(storage, folder, "its columns are not 'id int, features array<float>'") }
                for row in 0..<batch.rowCount {
                    guard let id = keys[row], !lists.isNull(at: row) else {
                        throw unusable(storage, folder, "a row has no id or no numbers")
                    }
                    let range = lists.range(of: row)
                    guard range.count == rank else {
                        throw unusable(
                            storage, folder,
                            "the row of id \(id) has \(range.count) numbers, the metadata say rank \(rank)")
                    }
                    guard range.allSatisfy({ numbers[$0]?.isFinite == true }) else {
                        throw unusable(
                            storage, folder, "the row of id \(id) has a number that is none (NaN or infinite)")
                    }
                    let start = ids.count * rank
                    factors.withUnsafeMutableElements { elements in
                        for (t, number) in range.enumerated() { elements[start + t] = numbers.values[number] }
                    }
                    ids.append(id)
                }
            }
        }
        return (ids, factors)
    }

    /// Ids and their names by rising id; nil if the folder is not there.
    private static func names(_ folder: String, _ storage: any Storage) throws -> [(id: Int32, name: String)]? {
        guard try storage.listFolders("").contains(folder) else { return nil }
        var names: [(id: Int32, name: String)] = []
        for file in try files(folder, storage) {
            for group in 0..<file.rowGroupCount {
                let batch = try file.read(columns: ["id", "name"], rowGroup: group)
                guard let keys = try batch.column(named: "id").int32s,
                    let texts = try batch.column(named: "name").byteStrings
                else { throw unusable(storage, folder, "its columns are not 'id int, name string'") }
                for row in 0..<batch.rowCount {
                    guard let id = keys[row], let name = texts.string(at: row) else {
                        throw unusable(storage, folder, "a row has no id or no name")
                    }
                    names.append((id, name))
                }
            }
        }
        names.sort { $0.id < $1.id }
        for (a, b) in zip(names, names.dropFirst()) where a.id == b.id {
            throw unusable(storage, folder, "the id \(a.id) stands for '\(a.name)' and for '\(b.name)'")
        }
        return names
    }
}
