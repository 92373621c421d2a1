import Domain
import Foundation
import ObjectStore
import TestSupport
import Testing

/// An object store keeps the promises of every storage, each over real requests whose signatures botocore checks: with all
/// answers, and with one request in eight refused or its answer lost.
@Suite(.enabled(if: ObjectServer.isAvailable, "moto is not in .venv: make venv"))
struct ConformanceTests {
    static let server = Task { try await ObjectServer() }
    static let faulty = Task { try await ObjectServer(["--faults", "4711"]) }

    /// A storage of its own in the bucket of a server.
    static func withStorage(
        on server: ObjectServer, prefix: String = "/\(UUID())/in er", _ body: (S3Storage) throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try body(storage(on: server, prefix: prefix, cache: folder.path))
        }
    }

    static func storage(on server: ObjectServer, prefix: String, cache: String) throws -> S3Storage {
        let (key, secret, token) = ObjectServer.credentials
        let settings = ObjectStoreSettings(
            endpoint: server.url, region: ObjectServer.region, style: .path,
            credentials: ObjectCredentials(key: key, secret: secret, token: token))
        return try S3Storage(ObjectAddress("s3://\(ObjectServer.bucket)\(prefix)"), settings, cache: cache)
    }

    @Test(arguments: StorageConformance.promises.map(\.name))
    func thePromiseIsKept(_ name: String) async throws {
        let server = try await Self.server.value
        for promise in StorageConformance.promises where promise.name == name {
            try await Self.withStorage(on: server) { try promise.check($0) }
        }
    }

    @Test(arguments: StorageConformance.promises.map(\.name))
    func thePromiseIsKeptWhereAnswersAreLost(_ name: String) async throws {
        let server = try await Self.faulty.value
        for promise in StorageConformance.promises where promise.name == name {
            try await Self.withStorage(on: server) { try promise.check($0) }
        }
    }
}
