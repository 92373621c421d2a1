internal import Domain
internal import Linalg

/// A model's learned blend with the sources it needs beside factors, catalogue and popularity: `blend.json` and
/// `sources.safetensors`.
public struct ModelBlend: Sendable {
    public let blend: LearnedBlend
    /// By item of the model, at its newest event.
    public let recent: RecentLikings
    /// Nil if they count for nobody.
    public let neighbours: ItemLinks?
    /// Nil if it counts for nobody, or there is none.
    public let linear: ItemLinks?

    public init(blend: LearnedBlend, recent: RecentLikings, neighbours: ItemLinks?, linear: ItemLinks?) {
        self.blend = blend
        self.recent = recent
        self.neighbours = neighbours
        self.linear = linear
    }

    /// The links of a source; nil if they count for nobody.
    public func links(_ source: LearnedBlend.Source) -> ItemLinks? {
        switch source {
        case .neighbours: neighbours
        case .linear: linear
        default: nil
        }
    }

    // MARK: Files

    static let blendFile = "blend.json"
    static let sourcesFile = "sources.safetensors"
    private static let linkSources: [LearnedBlend.Source] = [.neighbours, .linear]

    func write(to folder: String) throws {
        try Files.write(JSON.encode(blend), to: "\(folder)/\(Self.blendFile)")
        var tensors: [Safetensors.Tensor] = [
            .init("recent", [recent.counts.count], .float32(recent.counts)),
            .init("recent_at", [1], .int64([recent.at.microseconds])),
        ]
        for source in Self.linkSources {
            guard let rows = links(source)?.rows else { continue }
            let name = source.rawValue
            tensors += [
                .init("\(name)_starts", [rows.rowStarts.count], .int64(rows.rowStarts)),
                .init("\(name)_items", [rows.count], .int32(rows.columnIndices)),
                .init("\(name)_weights", [rows.count], .float32(rows.values)),
            ]
        }
        try Safetensors.write(tensors, metadata: ["format": "marquee-sources"], to: "\(folder)/\(Self.sourcesFile)")
    }

    /// Of a model that has one; models of before blends were learned have none.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)``.
    static func read(_ manifest: Manifest, in storage: any Storage, items: Int) throws -> ModelBlend? {
        guard manifest.files[blendFile] != nil, manifest.files[sourcesFile] != nil else { return nil }
        func damaged(_ name: String, _ reason: String) -> TrainerError {
            .damagedModelFile(path: storage.path(of: name), reason: reason)
        }
        guard let blend = try? JSON.decode(LearnedBlend.self, from: storage.read(blendFile)), blend.isSound else {
            throw damaged(blendFile, "it is no whole blend")
        }
        let file = try SafetensorsFile(sourcesFile, in: storage)
        let counts = try file.floats("recent", shape: [items])
        guard counts.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw damaged(sourcesFile, "a count of likings is not one")
        }
        func links(_ source: LearnedBlend.Source) throws -> ItemLinks? {
            let name = source.rawValue
            guard file.has("\(name)_starts") else { return nil }
            let columns = try file.int32s("\(name)_items", shape: [-1])
            let starts = try file.int64s("\(name)_starts", shape: [items + 1])
            let weights = try file.floats("\(name)_weights", shape: [columns.count])
            do {
                return ItemLinks(
                    try SparseRows(
                        rows: items, columns: items, rowStarts: Array(starts), columnIndices: Array(columns),
                        values: Array(weights)))
            } catch {
                throw damaged(sourcesFile, "its \(name) are no matrix of items: \(error)")
            }
        }
        return ModelBlend(
            blend: blend,
            recent: RecentLikings(
                at: Timestamp(microseconds: try file.int64s("recent_at", shape: [1])[0]),
                halfLifeDays: blend.halfLifeDays, counts: Array(counts)),
            neighbours: try links(.neighbours), linear: try links(.linear))
    }
}
