internal import Domain

extension ModelRegistry {
    /// What was measured when the model was trained; nil if nothing could be.
    /// - Throws: ``TrainerError/modelNotFound(id:folder:)``, ``TrainerError/damagedModelFile(path:reason:)``.
    public func evaluation(of id: ModelID) throws -> EvaluationReport? {
        guard let bytes = try evaluationJSON(of: id) else { return nil }
        do {
            return try JSON.decode(EvaluationReport.self, from: bytes)
        } catch {
            throw TrainerError.damagedModelFile(
                path: storage.folder(id.rawValue).path(of: ModelFiles.evaluation), reason: "it is no whole report")
        }
    }

    /// The same as it stands in `evaluation.json`.
    public func evaluationJSON(of id: ModelID) throws -> [UInt8]? { try file(ModelFiles.evaluation, of: id) }

    /// The same as a page for people, `report.html`.
    public func reportHTML(of id: ModelID) throws -> [UInt8]? { try file(ModelFiles.report, of: id) }

    private func file(_ name: String, of id: ModelID) throws -> [UInt8]? {
        guard try manifest(of: id).files[name] != nil else { return nil }
        return try storage.folder(id.rawValue).read(name)
    }
}
