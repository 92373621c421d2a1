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

    /// Encrypted, and the authority whose certificate it shows; its files last as long as the test program.
    static let encrypted = Task {
        let folder = FileManager.default.temporaryDirectory.appending(path: "object-server-tls-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let authority = try await CertificateAuthority(folder)
        let issued = try await authority.issue("server")
        return (server: try await ObjectServer(["--tls", issued.certificate, issued.key]), authority: authority)
    }

    /// A storage of its own in the bucket of a server.
    static func withStorage(
        on server: ObjectServer, prefix: String = "/\(UUID())/in er", _ body: (S3Storage) throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try body(storage(on: server, prefix: prefix, cache: folder.path))
        }
    }

    static func storage(on server: ObjectServer, prefix: String, cache: String) throws -> S3Storage {
        let (key, secret, token) = server.credentials
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

    /// By TLS, with the bucket before the host: `https://films.localhost:PORT/key`.
    @Test(
        .enabled(if: CertificateAuthority.isAvailable, "there is no /usr/bin/openssl"),
        arguments: StorageConformance.promises.map(\.name))
    func thePromiseIsKeptEncryptedAndWithTheBucketAsHost(_ name: String) async throws {
        let (server, authority) = try await Self.encrypted.value
        try await withTemporaryFolder { folder in
            var environment = server.environment(cache: folder)
            environment["AWS_CA_BUNDLE"] = authority.certificate
            let settings = try ObjectStoreSettings(environment: environment, style: .virtual)
            let address = try ObjectAddress("s3://\(ObjectServer.bucket)/\(UUID())/in er")
            let storage = try S3Storage(address, settings, cache: folder.path)
            for promise in StorageConformance.promises where promise.name == name { try promise.check(storage) }
        }
    }

    @Test(.enabled(if: CertificateAuthority.isAvailable, "there is no /usr/bin/openssl"))
    func aServiceThatNobodyVouchesForIsNotTrusted() async throws {
        let (server, _) = try await Self.encrypted.value
        try await withTemporaryFolder { folder in
            let settings = try ObjectStoreSettings(environment: server.environment(cache: folder))
            let error = #expect(throws: (any Error).self) {
                try S3Storage(ObjectAddress("s3://\(ObjectServer.bucket)/x"), settings, cache: folder.path).exists()
            }
            let fault = try #require(error as? any Fault)
            #expect(fault.message.contains("No trusted connection") && fault.message.contains("certificate"))
        }
    }
}
