import Domain
import Foundation
import TestSupport
import Testing

@testable import Trainer

@Suite struct ModelRegistryTests {
    /// Publishes a model without promoting it.
    private func publish(_ registry: ModelRegistry, seed: UInt64 = 1) throws -> ModelID {
        var configuration = smallConfiguration(rank: 4, epochs: 1)
        configuration.policy = .never
        configuration.parameters.seed = seed
        return try TrainingRun(configuration: configuration, registry: registry).run(plantedLog()).id
    }

    @Test func promotesAndRollsBack() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.appending(path: "models").path)
            #expect(throws: TrainerError.registryNotFound(folder: registry.folder)) { try registry.list() }
            #expect(throws: TrainerError.registryNotFound(folder: registry.folder)) { try registry.openCurrent() }
            let (a, b, c) = (try publish(registry), try publish(registry, seed: 2), try publish(registry, seed: 3))
            #expect(try registry.list().count == 3)
            #expect(try registry.current() == nil)
            #expect(throws: TrainerError.noPromotedModel(folder: registry.folder)) { try registry.openCurrent() }
            #expect(throws: TrainerError.nothingToRollBackTo(folder: registry.folder)) { try registry.rollback() }
            for id in [a, b, c] { try registry.promote(id) }
            #expect(try registry.current() == c)
            #expect(try registry.rollback() == b)
            #expect(try registry.rollback() == a)
            #expect(throws: TrainerError.nothingToRollBackTo(folder: registry.folder)) { try registry.rollback() }
            #expect(try registry.current() == a)
            try registry.promote(c)
            #expect(try registry.rollback() == a)
            #expect(
                try registry.history().map(\.action) == [
                    .published, .published, .published, .promoted, .promoted, .promoted, .rolledBack, .rolledBack,
                    .promoted, .rolledBack,
                ])
            #expect(try String(contentsOfFile: "\(registry.folder)/current", encoding: .utf8) == "\(a)\n")
        }
    }

    @Test func findsModelsByAnyUnambiguousBeginning() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let id = try publish(registry)
            try registry.promote(id)
            #expect(try registry.find(id.rawValue) == id)
            #expect(try registry.find(String(id.rawValue.prefix(10))) == id)
            #expect(try registry.find(String(id.rawValue.suffix(8))) == id)
            #expect(try registry.find("current") == id)
            #expect(throws: TrainerError.self) { try registry.find("1999") }
            #expect(throws: TrainerError.self) { try registry.find("") }
            #expect(throws: TrainerError.self) { try registry.find("../\(id)") }
            _ = try publish(registry, seed: 2)
            #expect(throws: TrainerError.self) { try registry.find("20") }
        }
    }

    /// Each file truncated or altered is named; the model is neither opened nor promoted.
    @Test func namesTheDamagedFile() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let id = try publish(registry)
            for name in try FileManager.default.contentsOfDirectory(atPath: registry.path(of: id)) {
                let path = "\(registry.path(of: id))/\(name)"
                let whole = try Files.read(path)
                func expectDamaged(_ comment: Comment, _ body: () throws -> Void) {
                    let error = #expect(throws: TrainerError.self, comment, performing: body)
                    guard case .damagedModelFile(let named, _) = error else {
                        Issue.record("\(comment): \(String(describing: error))")
                        return
                    }
                    #expect(named == path, comment)
                }
                try Files.write(Array(whole.dropLast(whole.count / 3)), to: path)
                expectDamaged("\(name) truncated") { _ = try registry.open(id) }
                try FileManager.default.removeItem(atPath: path)
                expectDamaged("\(name) missing") { _ = try registry.open(id) }
                if name != "manifest.json" {
                    var altered = whole
                    altered[whole.count / 2] ^= 1
                    try Files.write(altered, to: path)
                    expectDamaged("\(name) altered") { _ = try registry.open(id, verifying: true) }
                    expectDamaged("\(name) altered") { try registry.promote(id) }
                }
                try Files.write(whole, to: path)
            }
            #expect(try registry.open(id, verifying: true).id == id)
        }
    }

    @Test func refusesNewerFormats() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let id = try publish(registry)
            let path = "\(registry.path(of: id))/manifest.json"
            let text = String(decoding: try Files.read(path), as: UTF8.self)
            try Files.write(text.replacing("\"format\" : 1", with: "\"format\" : 2"), to: path)
            #expect(throws: TrainerError.unsupportedModel(path: registry.path(of: id), version: 2)) {
                try registry.open(id)
            }
        }
    }

    /// What a killed publisher leaves is never listed, and the next publisher removes it.
    @Test func hidesAndSweepsHalfModels() async throws {
        try await withTemporaryFolder { folder in
            let registry = ModelRegistry(folder: folder.path)
            let hidden = folder.appending(path: ".staging-4711")
            try FileManager.default.createDirectory(at: hidden, withIntermediateDirectories: true)
            try Files.write("half", to: hidden.appending(path: "factors.safetensors").path)
            #expect(try registry.list() == [])
            let id = try publish(registry)
            #expect(try registry.list() == [id])
            #expect(!FileManager.default.fileExists(atPath: hidden.path))
        }
    }

    @Test(arguments: [
        "", "..", "20261120T120000Z", "20261120T120000Z-", "20261120T120000Z-XYZ00000", "../../etc/passwd",
    ])
    func refusesOtherNames(text: String) {
        #expect(ModelID(rawValue: text) == nil)
    }

    @Test func namesTellTheTime() throws {
        let at = try #require(Timestamp("2026-11-20T12:00:00.5Z"))
        let id = ModelID(at: at, digest: "1F0C9A2B77")
        #expect(id.rawValue == "20261120T120000Z-1f0c9a2b")
        #expect(ModelID(rawValue: id.rawValue) == id)
    }
}
