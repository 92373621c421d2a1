public import Domain

/// What can go wrong with an object store and with no disk. What both can have is a `StorageError`.
///
/// Paths are addresses such as `s3://bucket/key`; no credential, signature or query gets into an error.
public enum ObjectStoreError: Fault, Hashable {
    case malformedAddress(String, reason: String)
    case malformedSetting(name: String, reason: String)
    case noCredentials(profile: String)
    case noBucket(String, endpoint: String)
    /// The keys are known, and may not do this.
    case denied(path: String, operation: String)
    /// The keys are not known, or the signature is not the one the service computed. `code` is the service's.
    case signatureRefused(endpoint: String, code: String)
    case credentialsExpired(endpoint: String)
    /// The service's clock and ours are more than a quarter of an hour apart.
    case clockSkewed(endpoint: String, ours: Timestamp, theirs: Timestamp?)
    case wrongRegion(bucket: String, region: String, right: String?)
    /// The service takes conditional writes without looking at the condition: `If-None-Match` or `If-Match`.
    case ignoresCondition(endpoint: String, header: String)
    /// An object was replaced or removed between two reads of it.
    case changed(path: String)
    /// The service refused for another reason.
    case refused(path: String, operation: String, status: Int, code: String, reason: String)
    /// No answer, or none but "later", after all attempts. A write may have come through.
    case unavailable(path: String, operation: String, attempts: Int, reason: String)
    /// What came back is not S3's protocol.
    case malformedAnswer(path: String, operation: String, reason: String)

    public var code: String {
        switch self {
        case .malformedAddress: "object-address"
        case .malformedSetting: "object-store-setting"
        case .noCredentials: "object-store-no-credentials"
        case .noBucket: "bucket-missing"
        case .denied: "object-store-denied"
        case .signatureRefused: "object-store-signature"
        case .credentialsExpired: "object-store-credentials-expired"
        case .clockSkewed: "object-store-clock"
        case .wrongRegion: "object-store-region"
        case .ignoresCondition: "object-store-unconditional"
        case .changed: "object-changed"
        case .refused: "object-store-refused"
        case .unavailable: "object-store-unavailable"
        case .malformedAnswer: "object-store-malformed"
        }
    }

    public var message: String {
        switch self {
        case .malformedAddress(let text, let reason): "\(text) is no address of an object store: \(reason)."
        case .malformedSetting(let name, let reason): "\(name) cannot be used: \(reason)."
        case .noCredentials(let profile): "There are no credentials for S3, in AWS_* variables or profile '\(profile)'."
        case .noBucket(let bucket, let endpoint): "There is no bucket '\(bucket)' at \(endpoint)."
        case .denied(let path, let operation): "These credentials may not \(operation) \(path)."
        case .signatureRefused(let endpoint, let code): "\(endpoint) does not accept the credentials (\(code))."
        case .credentialsExpired(let endpoint): "\(endpoint) says that the credentials have expired."
        case .clockSkewed(let endpoint, let ours, let theirs):
            theirs.map { "This machine's clock says \(ours), that of \(endpoint) \($0): too far apart to be trusted." }
                ?? "This machine's clock says \(ours), which is too far from that of \(endpoint) to be trusted."
        case .wrongRegion(let bucket, let region, let right):
            "The bucket '\(bucket)' is not in the region \(region)\(right.map { " but in \($0)" } ?? "")."
        case .ignoresCondition(let endpoint, let header):
            "\(endpoint) does not heed \(header), so two writers could overwrite each other; nothing was written."
        case .changed(let path): "\(path) was replaced or removed while it was read."
        case .refused(let path, let operation, let status, let code, let reason):
            "Cannot \(operation) \(path): status \(status)\(code.isEmpty ? "" : ", \(code)")"
                + "\(reason.isEmpty ? "" : ": \(reason)")."
        case .unavailable(let path, let operation, let attempts, let reason):
            "Cannot \(operation) \(path): \(reason), after \(attempts) attempts."
        case .malformedAnswer(let path, let operation, let reason):
            "The answer to an attempt to \(operation) \(path) cannot be read: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .malformedAddress: "Write s3://bucket/prefix."
        case .malformedSetting(let name, _):
            "Correct \(name), or leave it out; docs/object-storage.md lists the settings."
        case .noCredentials: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        case .noBucket: "Make the bucket first, or check its name and AWS_ENDPOINT_URL_S3."
        case .denied: "docs/object-storage.md lists the permissions that are needed."
        case .signatureRefused: "Check the key, its secret and, for temporary ones, AWS_SESSION_TOKEN."
        case .credentialsExpired: "Put new ones into the environment or the profile."
        case .clockSkewed: "Set the clock: signatures hold for 15 minutes (timedatectl, chrony)."
        case .wrongRegion: "Set AWS_REGION to the bucket's."
        case .ignoresCondition:
            "Use a version of it with conditional writes, another service, or a folder of a disk."
        case .changed: "Read it again."
        case .refused, .malformedAnswer: "Check that AWS_ENDPOINT_URL_S3 is the address of an S3 service."
        case .unavailable: "It is tried again where that is safe; check the service and the network."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .malformedAddress, .malformedSetting, .noCredentials, .ignoresCondition, .wrongRegion: .usage
        case .noBucket: .notFound
        case .changed, .malformedAnswer: .badData
        case .denied, .signatureRefused, .credentialsExpired, .clockSkewed, .refused, .unavailable: .unavailable
        }
    }
}
