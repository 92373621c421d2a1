import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct ModelExportTests {
    /// numpy and pyarrow read what was exported, and find the model in it.
    @Test(.enabled(if: Checkout.python != nil, "needs the Python environment in .venv"))
    func othersReadWhatIsExported() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            let log = try plantedLog()
            try log.append(
                userID: "Zoë 日本", itemID: "film 3", kind: .like, value: 1, at: Timestamp(seconds: 1_700_000_000))
            let id = try TrainingRun(configuration: smallConfiguration(), registry: registry).run(log).id
            let model = try registry.open(id)
            let npz = folder.appending(path: "model.npz").path
            let parquet = folder.appending(path: "model").path
            try ModelExport.write(model, as: .npz, to: npz)
            try ModelExport.write(model, as: .parquet, to: parquet)
            _ = try python("read_export.py", [registry.path(of: id), npz, parquet])
            #expect(throws: TrainerError.self) { try ModelExport.write(model, as: .parquet, to: parquet) }
            #expect(throws: TrainerError.self) { try ModelExport.write(model, as: .npz, to: "/no/such/folder/a.npz") }
        }
    }
}
