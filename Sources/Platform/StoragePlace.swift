public import Domain
public import Foundation
public import ObjectStore
internal import Store

/// The place that a user names: a folder of this machine, or `s3://bucket/prefix`. The one point where a text becomes a
/// storage that is not a folder.
///
///     let store = EventStore(try StoragePlace.open("s3://films/store"))
///     let registry = ModelRegistry(in: try StoragePlace.open("s3://films/models"))
public enum StoragePlace {
    /// Names a place; nothing is read or made there yet.
    /// - Parameters:
    ///   - endpoint: of another service than Amazon's, such as `http://localhost:9000`; nil for that of the environment.
    ///   - style: where the name of the bucket stands; nil for what the endpoint has usually.
    ///   - environment: with the usual `AWS_*` variables.
    /// - Throws: `StoreError.unknownAddress` for an address of a kind that is not known, such as `ftp://…`;
    ///   `ObjectStoreError` for an address of S3 that is malformed, or one without credentials.
    public static func open(
        _ text: String, endpoint: String? = nil, style: ObjectStoreSettings.Style? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> any Storage {
        guard ObjectAddress.isOne(text) else {
            guard !text.contains("://") else { throw StoreError.unknownAddress(text) }
            return LocalStorage(text)
        }
        let address = try ObjectAddress(text)
        return try S3Storage(
            address, ObjectStoreSettings(environment: environment, endpoint: endpoint, style: style))
    }
}
