internal import Foundation
internal import HTTPClient

/// Which service keeps the objects, and who asks it: from the variables and files that AWS's own programs read.
///
/// | what | where it is looked for, in this order |
/// |---|---|
/// | keys | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`; the credentials file; the config file |
/// | region | `AWS_REGION`, `AWS_DEFAULT_REGION`; the config file; `us-east-1` |
/// | endpoint | what is given; `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`; the config file; AWS |
/// | certificate authority | `AWS_CA_BUNDLE`; the system's |
///
/// `AWS_PROFILE` names the section of the files; `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` move them.
public struct ObjectStoreSettings: Sendable {
    /// Where the name of the bucket stands.
    public enum Style: String, Sendable, CaseIterable {
        /// `https://endpoint/bucket/key`: what most servers but AWS's understand.
        case path
        /// `https://bucket.endpoint/key`
        case virtual
    }

    /// Scheme, host and port, perhaps a path, without `/` at the end.
    public let endpoint: String
    public let region: String
    public let style: Style
    /// PEM file, or nil for the system's.
    public let certificateAuthority: String?
    /// Read anew when the service says that the last ones have expired.
    let credentials: @Sendable () throws -> ObjectCredentials

    /// Settings in so many words, without a look at the environment.
    public init(endpoint: String, region: String, style: Style, credentials: ObjectCredentials) {
        self.endpoint = endpoint
        self.region = region
        self.style = style
        certificateAuthority = nil
        self.credentials = { credentials }
    }

    /// Reads the settings. Credentials are looked for at once, so that missing ones are told before any work.
    /// - Parameters:
    ///   - endpoint: instead of the environment's.
    ///   - style: by default the path for a given endpoint and the host for AWS.
    /// - Throws: ``ObjectStoreError/noCredentials(profile:)``, ``ObjectStoreError/malformedSetting(name:reason:)``
    public init(
        environment: [String: String], endpoint given: String? = nil, style: Style? = nil
    ) throws(ObjectStoreError) {
        let environment = environment.filter { !$0.value.isEmpty }
        let profile = environment["AWS_PROFILE"] ?? environment["AWS_DEFAULT_PROFILE"] ?? "default"
        let files = Files(environment)
        let config = files.config()
        let region =
            environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? config[profile, "region"] ?? "us-east-1"
        guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
            throw .malformedSetting(name: "AWS_REGION", reason: "it is no region such as eu-west-1")
        }
        self.region = region
        let named =
            given.map { ("--s3-endpoint", $0) }
            ?? environment["AWS_ENDPOINT_URL_S3"].map { ("AWS_ENDPOINT_URL_S3", $0) }
            ?? environment["AWS_ENDPOINT_URL"].map { ("AWS_ENDPOINT_URL", $0) }
            ?? config[profile, "endpoint_url"].map { ("endpoint_url", $0) }
        if let (name, text) = named {
            endpoint = try Self.endpoint(text, setting: name)
            self.style = style ?? .path
        } else {
            endpoint = "https://s3.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")"
            self.style = style ?? .virtual
        }
        certificateAuthority = environment["AWS_CA_BUNDLE"]
        if let problem = certificateAuthority.flatMap({ AuthorityFile.problem(of: $0) }) {
            throw .malformedSetting(name: "AWS_CA_BUNDLE", reason: problem)
        }
        credentials = { try Self.credentials(environment, profile, files) }
        _ = try Self.credentials(environment, profile, files)
    }

    private static func credentials(
        _ environment: [String: String], _ profile: String, _ files: Files
    ) throws(ObjectStoreError) -> ObjectCredentials {
        if let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] {
            return ObjectCredentials(key: key, secret: secret, token: environment["AWS_SESSION_TOKEN"])
        }
        for file in [files.credentials(), files.config()] {
            if let key = file[profile, "aws_access_key_id"], let secret = file[profile, "aws_secret_access_key"] {
                return ObjectCredentials(key: key, secret: secret, token: file[profile, "aws_session_token"])
            }
        }
        throw .noCredentials(profile: profile)
    }

    /// Without a port that goes without saying: libcurl leaves it out of the `Host` header, which is signed.
    private static func endpoint(_ text: String, setting: String) throws(ObjectStoreError) -> String {
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = url.encodedHost?.lowercased(), !host.isEmpty
        else { throw .malformedSetting(name: setting, reason: "it is no address such as https://s3.example.org") }
        guard url.user == nil, url.password == nil, url.query == nil, url.fragment == nil else {
            throw .malformedSetting(name: setting, reason: "an endpoint has no user, query or fragment")
        }
        var path = url.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        let usual = scheme == "https" ? 443 : 80
        let port = url.port.flatMap { $0 == usual ? nil : ":\($0)" } ?? ""
        return "\(scheme)://\(host)\(port)\(path)"
    }

    /// The two files of AWS's programs.
    private struct Files: Sendable {
        private let credentialsPath: String
        private let configPath: String

        init(_ environment: [String: String]) {
            let home = environment["HOME"] ?? NSHomeDirectory()
            credentialsPath = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
            configPath = environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config"
        }

        func credentials() -> ProfileFile { Self.read(credentialsPath) }
        func config() -> ProfileFile { Self.read(configPath) }

        private static func read(_ path: String) -> ProfileFile {
            ProfileFile((try? String(contentsOfFile: path, encoding: .utf8)) ?? "")
        }
    }
}
