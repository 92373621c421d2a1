internal import Domain
internal import Linalg

/// What predicts the factors of films without events: `content.safetensors`.
enum ModelContent {
    static let file = "content.safetensors"

    static func write(_ ridge: ContentRidge, to folder: String) throws {
        var names = IdentifierPool()
        for name in ridge.vocabulary.names { _ = names.insert(name) }
        try Safetensors.write(
            IdentifierTable.tensors(names, name: "term") + [
                .init("term_weights", [names.count], .float32(ridge.vocabulary.weights)),
                .init("weights", [ridge.weights.rows, ridge.weights.columns], .matrix(ridge.weights)),
                .init("ridge", [1], .float32([ridge.ridge])),
            ], metadata: ["format": "marquee-content"], to: "\(folder)/\(file)")
    }

    /// Nil of a model that has none.
    /// - Throws: ``TrainerError/damagedModelFile(path:reason:)``.
    static func read(_ manifest: Manifest, in storage: any Storage, rank: Int) throws -> ContentRidge? {
        guard manifest.files[file] != nil else { return nil }
        let tensors = try SafetensorsFile(file, in: storage)
        let terms = try IdentifierTable(tensors, name: "term")
        let weights = try tensors.floats("term_weights", shape: [terms.count])
        let elements = try tensors.floats("weights", shape: [terms.count + 1, rank])
        let ridge = try tensors.floats("ridge", shape: [1])[0]
        let names = (0..<terms.count).map { terms.id(at: $0) }
        guard Set(names).count == names.count, weights.allSatisfy(\.isFinite), elements.allSatisfy(\.isFinite) else {
            throw TrainerError.damagedModelFile(
                path: tensors.path, reason: "its terms are not all different, or its weights not all numbers")
        }
        return ContentRidge(
            vocabulary: FilmVocabulary(names: names, weights: Array(weights)),
            weights: try Matrix(rows: terms.count + 1, columns: rank, elements: Array(elements)), ridge: ridge)
    }
}
