internal import Domain
internal import Foundation
internal import Linalg
internal import Operations
internal import Synchronization

/// The files of one model directory: names, writing, checking.
enum ModelFiles {
    static let manifest = "manifest.json"
    static let factors = "factors.safetensors"
    static let identifiers = "ids.safetensors"
    static let history = "history.safetensors"
    static let evaluation = "evaluation.json"
    static let report = "report.html"

    /// Those that a model cannot do without. Data, settings and seed decide every byte of them.
    static let required = [factors, identifiers, history]

    /// Writes factors, identifiers and history into `folder`, each flushed.
    static func write(_ fitted: FittedModel, of training: TrainingSet, to folder: String) throws {
        let factors = fitted.factors
        var tensors: [Safetensors.Tensor] = [
            .init("user_factors", [factors.userFactors.rows, factors.rank], .matrix(factors.userFactors)),
            .init("item_factors", [factors.itemFactors.rows, factors.rank], .matrix(factors.itemFactors)),
            .init("item_norms", [factors.itemFactors.rows], .float32(norms(factors.itemFactors))),
        ]
        if let ratings = fitted.ratings {
            tensors.append(.init("user_biases", [ratings.userBiases.count], .float32(ratings.userBiases)))
        }
        try Safetensors.write(
            tensors, metadata: ["format": "marquee-factors"], to: "\(folder)/\(self.factors)")
        try Safetensors.write(
            IdentifierTable.tensors(training.users, name: "user")
                + IdentifierTable.tensors(training.items, name: "item"),
            metadata: ["format": "marquee-ids"], to: "\(folder)/\(identifiers)")
        let rows = training.interactions
        try Safetensors.write(
            [
                .init("user_starts", [rows.rowStarts.count], .int64(rows.rowStarts)),
                .init("user_last_at", [rows.rows], .int64(training.lastEventAt.map(\.microseconds))),
                .init("items", [rows.count], .int32(rows.columnIndices)),
                .init("confidences", [rows.count], .float32(rows.values)),
                .init("item_users", [training.itemCount], .int32(training.popularity)),
                .init("kinds", [rows.count], .uint8(training.kinds.map(\.rawValue))),
            ], metadata: ["format": "marquee-history"], to: "\(folder)/\(history)")
    }

    /// Euclidean lengths of the rows.
    private static func norms(_ matrix: Matrix) -> [Float] {
        (0..<matrix.rows).map { row in
            matrix.withRow(row) { values in
                var sum = 0.0
                for i in values.indices { sum += Double(values[i]) * Double(values[i]) }
                return Float(sum.squareRoot())
            }
        }
    }

    /// Size and digest of every file in `folder`.
    static func summaries(in folder: String) throws -> [String: Manifest.FileSummary] {
        var result: [String: Manifest.FileSummary] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != manifest {
            let path = "\(folder)/\(name)"
            let file = try Files.map(path)
            result[name] = .init(bytes: file.count, sha256: file.sha256)
        }
        return result
    }

    /// Reads the manifest of a model.
    /// - Parameter storage: the model's own directory.
    static func manifest(in storage: any Storage) throws -> Manifest {
        let path = storage.path(of: manifest)
        let bytes: [UInt8]
        do {
            bytes = try storage.read(manifest)
        } catch StorageError.missing {
            throw TrainerError.damagedModelFile(path: path, reason: "it is missing")
        }
        if let version = try? JSON.decode(FormatOnly.self, from: bytes), version.format > Manifest.currentFormat {
            throw TrainerError.unsupportedModel(path: storage.location, version: version.format)
        }
        do {
            return try JSON.decode(Manifest.self, from: bytes)
        } catch {
            throw TrainerError.damagedModelFile(path: path, reason: "it is not a whole manifest")
        }
    }

    private struct FormatOnly: Decodable {
        var format: Int
    }

    /// Compares the files of a model with its manifest by their sizes.
    static func check(_ manifest: Manifest, in storage: any Storage) throws {
        for (name, summary) in manifest.files.sorted(by: { $0.key < $1.key }) {
            let path = storage.path(of: name)
            guard !name.contains("/"), let entry = try storage.status(name) else {
                throw TrainerError.damagedModelFile(path: path, reason: "it is missing")
            }
            guard entry.size == summary.bytes else {
                throw TrainerError.damagedModelFile(
                    path: path, reason: "it has \(entry.size) bytes, the manifest says \(summary.bytes)")
            }
        }
        for name in required where manifest.files[name] == nil {
            throw TrainerError.damagedModelFile(
                path: storage.path(of: name), reason: "the manifest does not list it")
        }
    }

    /// Compares the digests of all files with the manifest, which reads them whole, on all cores, and then does `last` on the
    /// first core that has no file left to read.
    /// - Throws: for the largest damaged file, before what `last` throws.
    static func compareDigests<R: Sendable>(
        _ manifest: Manifest, in storage: any Storage, and last: @Sendable () throws -> R
    ) throws -> R {
        // The largest first, beside which the others are read.
        let files = manifest.files.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }
        let result = Mutex<R?>(nil)
        try Workers().run(units: files.count + 1) { _, unit in
            guard unit < files.count else { return try result.withLock { $0 = try last() } }
            let (name, summary) = files[unit]
            // By `read`: pages that a mapping has touched would count as memory of the process, and the system reads further
            // ahead for it.
            guard try Digest.sha256(fileAt: storage.localPath(name)).hex == summary.sha256 else {
                throw TrainerError.damagedModelFile(
                    path: storage.path(of: name), reason: "its SHA-256 is not the manifest's")
            }
        }
        guard let result = result.withLock({ $0 }) else { preconditionFailure("without an error all units are done") }
        return result
    }
}

extension MappedFile {
    /// Of the whole content, hexadecimal.
    var sha256: String { withBytes { Digest.sha256($0).hex } }
}
